#define _GNU_SOURCE
#include "lookups.h"

#include <hiredis/hiredis.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <time.h>

#include "entry.h"

/* The owner of a history is known by the session alone, so both are read by one script. */
static const char session_and_page[] =
    "local session = redis.call('GET', KEYS[1])\n"
    "local owner = session and string.match(session, '^2|%d+|([^|]+)|')\n"
    "if not owner then return {false, false} end\n"
    "return {session, redis.call('HGET', ARGV[2] .. owner, ARGV[1])}\n";

enum { TOKEN = 46, SESSION_KEY = 8 + 2 * SHA256_DIGEST_LENGTH, CUSTOMER = 1 };

struct lookups {
    redisContext *redis;
    char script[41];
};

/* Makes a new connection ready; 0 if that fails. */
static int greet(struct lookups *lookups) {
    /* Longer than the others wait: there is nowhere else to look. */
    struct timeval limit = {.tv_sec = 1};
    redisSetTimeout(lookups->redis, limit);
    redisReply *digest = redisCommand(lookups->redis, "SCRIPT LOAD %s", session_and_page);
    int is_loaded = digest && digest->type == REDIS_REPLY_STRING && digest->len == 40;
    if (is_loaded) memcpy(lookups->script, digest->str, 41);
    if (digest) freeReplyObject(digest);
    return is_loaded;
}

struct lookups *lookups_open(const char *redis_socket) {
    struct lookups *lookups = calloc(1, sizeof *lookups);
    if (!lookups) return NULL;
    lookups->redis = redisConnectUnix(redis_socket);
    if (!lookups->redis || lookups->redis->err || !greet(lookups)) return NULL;
    return lookups;
}

/* The reply to a command; NULL if there is none, and the next one has a new connection. */
static redisReply *ask(struct lookups *lookups, int count, const char **arguments,
                       const size_t *lengths) {
    redisReply *reply = redisCommandArgv(lookups->redis, count, arguments, lengths);
    if (!reply && redisReconnect(lookups->redis) == REDIS_OK) greet(lookups);
    return reply;
}

static void problem(FCGX_Request *request, int status, const char *title, const char *code,
                    const char *detail) {
    const char *request_id = FCGX_GetParam("HTTP_X_REQUEST_ID", request->envp);
    char body[512];
    if (!request_id) request_id = "";
    int length =
        snprintf(body, sizeof body,
                 "{\"type\":\"urn:order-service:problem:%s\",\"title\":\"%s\",\"status\":%d,"
                 "\"detail\":\"%s\",\"code\":\"%s\",\"requestId\":\"%.64s\"}",
                 code, title, status, detail, code, request_id);
    const char *challenge = status == 401 ? "WWW-Authenticate: Bearer\r\n" : "";
    FCGX_FPrintF(request->out,
                 "Status: %d %s\r\nContent-Type: application/problem+json\r\n"
                 "Cache-Control: no-store\r\n%sX-Request-Id: %s\r\nContent-Length: %d\r\n\r\n%s",
                 status, title, challenge, request_id, length, body);
}

static void not_found(FCGX_Request *request) {
    problem(request, 404, "Not Found", "not_found", "There is nothing here.");
}

static int is_known(const char *tag, size_t length, const char *known) {
    while (known && *known) {
        known += strspn(known, " ,");
        if (strncmp(known, "W/", 2) == 0) known += 2;
        if (strncmp(known, tag, length) == 0 && strchr(" ,", known[length])) return 1;
        known = strchr(known, ',');
    }
    return 0;
}

/* Sends a look-up's body, or 304 to whoever has it already. */
static void answer(FCGX_Request *request, const char *tag, const struct entry *entry) {
    static const char caching[] =
        "Cache-Control: private, no-cache\r\nVary: Authorization, Cookie\r\n";
    const char *request_id = FCGX_GetParam("HTTP_X_REQUEST_ID", request->envp);
    char head[512];
    int length;
    if (!request_id) request_id = "";
    if (is_known(tag, strlen(tag), FCGX_GetParam("HTTP_IF_NONE_MATCH", request->envp))) {
        length = snprintf(head, sizeof head,
                          "Status: 304 Not Modified\r\n%sETag: %s\r\nX-Request-Id: %.64s\r\n\r\n",
                          caching, tag, request_id);
        FCGX_PutStr(head, length, request->out);
        return;
    }
    length = snprintf(head, sizeof head,
                      "Status: 200 OK\r\nContent-Type: application/json\r\n%sETag: %s\r\n"
                      "X-Request-Id: %.64s\r\nContent-Length: %zu\r\n\r\n",
                      caching, tag, request_id, entry->body_length);
    FCGX_PutStr(head, length, request->out);
    FCGX_PutStr(entry->body, (int)entry->body_length, request->out);
}

/* Writes the session's key, of the hash of the request's token; 0 if it shows none. */
static int session_key(FCGX_Request *request, char key[SESSION_KEY]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[SHA256_DIGEST_LENGTH];
    const char *header = FCGX_GetParam("HTTP_AUTHORIZATION", request->envp);
    if (!header || strncasecmp(header, "bearer ", 7) != 0) return 0;
    const char *token = header + 7;
    if (strlen(token) != TOKEN || memcmp(token, "st_", 3) != 0) return 0;
    SHA256((const unsigned char *)token, TOKEN, hash);
    memcpy(key, "session:", 8);
    for (int index = 0; index < SHA256_DIGEST_LENGTH; index++) {
        key[8 + 2 * index] = digits[hash[index] >> 4];
        key[9 + 2 * index] = digits[hash[index] & 15];
    }
    return 1;
}

static int read_entry(const redisReply *reply, struct entry *entry) {
    return reply->type == REDIS_REPLY_STRING && entry_read(reply->str, reply->len, entry);
}

/* Answers from a session and an entry; `id` is the order's, or NULL for a page. */
static void answer_pair(FCGX_Request *request, const redisReply *reply, const char *id) {
    struct entry session, entry;
    char tag[64];
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        problem(request, 503, "Service Unavailable", "overloaded", "There is no Redis.");
    } else if (!read_entry(reply->element[0], &session)) {
        problem(request, 401, "Unauthorized", "unauthenticated", "Valid credentials are needed.");
    } else if (!session_is_live(&session, CUSTOMER, time(NULL))) {
        problem(request, 401, "Unauthorized", "token_expired", "The token has expired.");
    } else if (!read_entry(reply->element[1], &entry)) {
        problem(request, 503, "Service Unavailable", "overloaded", "There is no such entry.");
    } else if (entry.owner_length == 0 || entry.owner_length != session.owner_length ||
               memcmp(entry.owner, session.owner, entry.owner_length) != 0) {
        problem(request, 404, "Not Found", "order_not_found", "There is no such order.");
    } else {
        const char *prefix = id ? id : "h";
        snprintf(tag, sizeof tag, "\"%s-%lld\"", prefix, entry.version);
        answer(request, tag, &entry);
    }
}

static void payment(struct lookups *lookups, FCGX_Request *request, const char *id) {
    char session[SESSION_KEY], key[48] = "payment-status::";
    if (!session_key(request, session)) {
        problem(request, 401, "Unauthorized", "unauthenticated", "Valid credentials are needed.");
        return;
    }
    strcat(key, id);
    const char *arguments[] = {"MGET", session, key};
    size_t lengths[] = {4, SESSION_KEY, strlen(key)};
    redisReply *reply = ask(lookups, 3, arguments, lengths);
    answer_pair(request, reply, id);
    if (reply) freeReplyObject(reply);
}

static void history(struct lookups *lookups, FCGX_Request *request, const char *query) {
    char session[SESSION_KEY], field[32];
    long page = 0, size = 20;
    if (!session_key(request, session)) {
        problem(request, 401, "Unauthorized", "unauthenticated", "Valid credentials are needed.");
        return;
    }
    const char *found = strstr(query, "page=");
    if (found) page = strtol(found + 5, NULL, 10);
    found = strstr(query, "size=");
    if (found) size = strtol(found + 5, NULL, 10);
    int length = snprintf(field, sizeof field, "%ld:%ld", page, size);
    const char *arguments[] = {"EVALSHA", lookups->script, "1", session, field, "order-history::"};
    size_t lengths[] = {7, 40, 1, SESSION_KEY, (size_t)length, 15};
    redisReply *reply = ask(lookups, 6, arguments, lengths);
    answer_pair(request, reply, NULL);
    if (reply) freeReplyObject(reply);
}

void lookups_answer(struct lookups *lookups, FCGX_Request *request) {
    const char *path = FCGX_GetParam("SCRIPT_NAME", request->envp);
    const char *query = FCGX_GetParam("QUERY_STRING", request->envp);
    char id[20];
    size_t digits;
    if (!path || strncmp(path, "/v1/orders", 10) != 0) {
        not_found(request);
    } else if (path[10] == 0) {
        history(lookups, request, query ? query : "");
    } else if (path[10] == '/' && (digits = strspn(path + 11, "0123456789")) > 0 &&
               digits < sizeof id && strcmp(path + 11 + digits, "/payment") == 0) {
        memcpy(id, path + 11, digits);
        id[digits] = 0;
        payment(lookups, request, id);
    } else {
        not_found(request);
    }
}
