<?php

declare(strict_types=1);

// The look-ups of payments and histories that orderd answers, from the same caches and rows:
// `GET /v1/orders/{id}/payment` and `GET /v1/orders?page=&size=`. Run by PHP-FPM, which has
// REDIS_CACHE_SOCKET and MARIADB_SOCKET, _USER, _PASSWORD and _DATABASE in its environment.

require __DIR__ . '/Answer.php';
require __DIR__ . '/Entry.php';
require __DIR__ . '/Session.php';
require __DIR__ . '/Cache.php';
require __DIR__ . '/Store.php';
require __DIR__ . '/Representation.php';

/** The hash of the request's session token; ends the request if it shows none. */
function tokenHash(): string
{
    $header = $_SERVER['HTTP_AUTHORIZATION'] ?? '';
    $token = substr($header, 7);
    if (strncasecmp($header, 'bearer ', 7) !== 0 || strlen($token) !== 46 || !str_starts_with($token, 'st_')) {
        Answer::problem(401, 'unauthenticated', 'Valid credentials are needed.', 'Bearer');
    }
    return hash('sha256', $token);
}

/** The session, from its entry or else from the record; ends the request without a live one. */
function session(?Entry $entry, string $hash, Cache $cache, Store $store): Session
{
    $session = $entry === null ? null : Session::ofEntry($entry);
    if ($session === null) {
        $session = $store->session($hash);
        if ($session === null) {
            Answer::problem(401, 'unauthenticated', 'Valid credentials are needed.', 'Bearer');
        }
        $cache->fill("session:$hash", $session->entry(), Cache::SESSION_LIFE);
    }
    if ($session->expires <= (int) (microtime(true) * 1e6)) {
        Answer::problem(401, 'token_expired', 'The token has expired.', 'Bearer error="invalid_token"');
    }
    return $session;
}

function payment(int $id): never
{
    [$cache, $store] = [new Cache(), new Store()];
    $hash = tokenHash();
    [$sessionEntry, $entry] = $cache->pair("session:$hash", "payment-status::$id");
    $session = session($sessionEntry, $hash, $cache, $store);
    if ($entry === null) {
        $order = $store->order($id);
        if ($order === null) {
            Answer::problem(404, 'order_not_found', 'There is no such order.');
        }
        [$payment, $attempts] = $store->payment($id);
        $entry = Representation::payment($order, $payment, $attempts);
        $cache->fill("payment-status::$id", $entry, Cache::PAYMENT_LIFE);
    }
    if (!$session->isCustomer() || $entry->owner === '' || $entry->owner !== $session->user) {
        Answer::problem(404, 'order_not_found', 'There is no such order.');
    }
    Answer::lookUp("\"$id-$entry->version\"", $entry->body);
}

function history(): never
{
    [$cache, $store] = [new Cache(), new Store()];
    $hash = tokenHash();
    $page = number('page', 0, 0, 1_000_000);
    $size = number('size', 20, 1, 100);
    [$sessionEntry, $entry] = $cache->page("session:$hash", "$page:$size");
    $session = session($sessionEntry, $hash, $cache, $store);
    if (!$session->isCustomer()) {
        Answer::problem(403, 'forbidden_role', 'The session lacks the role for this.');
    }
    if ($entry === null) {
        [$orders, $total] = $store->history($session->user, $page, $size);
        $entry = Representation::page($session->user, $orders, $page, $size, $total);
        if ($orders !== [] || $page === 0) {
            $cache->fillPage($session->user, "$page:$size", $entry);
        }
    }
    Answer::lookUp("\"h-$entry->version\"", $entry->body);
}

/** A parameter of the query; ends the request if it is none or out of its range. */
function number(string $name, int $standard, int $least, int $most): int
{
    $options = ['options' => ['min_range' => $least, 'max_range' => $most]];
    $value = isset($_GET[$name]) ? filter_var($_GET[$name], FILTER_VALIDATE_INT, $options) : $standard;
    if ($value === false) {
        // Without the list of faults that orderd gives.
        Answer::problem(400, 'invalid_request', 'The request has faults; see errors.');
    }
    return $value;
}

try {
    $path = strtok($_SERVER['REQUEST_URI'], '?');
    if ($_SERVER['REQUEST_METHOD'] === 'GET' && $path === '/v1/orders') {
        history();
    }
    if ($_SERVER['REQUEST_METHOD'] === 'GET' && preg_match('{^/v1/orders/(\d{1,18})/payment$}', $path, $found)) {
        payment((int) $found[1]);
    }
    Answer::problem(404, 'not_found', 'There is nothing here.');
} catch (PDOException $failure) {
    error_log($failure->getMessage());
    Answer::problem(
        503,
        'dependency_unavailable',
        'Something that this service needs is not available; try again shortly.',
    );
}
