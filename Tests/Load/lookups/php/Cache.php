<?php

declare(strict_types=1);

/** Entries in Redis; none while it is away, so that everything is read from MariaDB. */
final class Cache
{
    // How long entries live at most, in milliseconds; up to a tenth is taken off, so that they do
    // not expire together.
    public const SESSION_LIFE = 60_000;
    public const PAYMENT_LIFE = 300_000;
    private const HISTORY_LIFE = 3_600_000;

    // The owner of a history is known by the session alone, so both are read by one script.
    private const SESSION_AND_PAGE = <<<'LUA'
        local session = redis.call('GET', KEYS[1])
        local owner = session and string.match(session, '^2|%d+|([^|]+)|')
        if not owner then return {false, false} end
        return {session, redis.call('HGET', ARGV[2] .. owner, ARGV[1])}
        LUA;

    private ?Redis $redis = null;

    public function __construct()
    {
        try {
            $redis = new Redis();
            $redis->pconnect(getenv('REDIS_CACHE_SOCKET'), 0, 0.05, null, 0, 0.05);
            $this->redis = $redis;
        } catch (RedisException) {
        }
    }

    /** @return array{?Entry, ?Entry} two entries, read in one trip */
    public function pair(string $first, string $second): array
    {
        return $this->two(fn (Redis $redis) => $redis->mget([$first, $second]));
    }

    /** @return array{?Entry, ?Entry} a session and a page of its user's history, read in one trip */
    public function page(string $sessionKey, string $field): array
    {
        $arguments = [$sessionKey, $field, 'order-history::'];
        return $this->two(function (Redis $redis) use ($arguments) {
            static $digest = null;
            $digest ??= sha1(self::SESSION_AND_PAGE);
            $reply = $redis->evalSha($digest, $arguments, 1);
            return $reply === false ? $redis->eval(self::SESSION_AND_PAGE, $arguments, 1) : $reply;
        });
    }

    private function two(callable $read): array
    {
        try {
            $values = $this->redis === null ? false : $read($this->redis);
        } catch (RedisException) {
            $values = false;
        }
        return [Entry::stored($values[0] ?? null), Entry::stored($values[1] ?? null)];
    }

    /** Stores an entry, and lives with a failure. */
    public function fill(string $key, Entry $entry, int $life): void
    {
        try {
            $this->redis?->psetex($key, self::jittered($life), $entry->text());
        } catch (RedisException) {
        }
    }

    /** Stores a page; all pages of a user live from the first one on. */
    public function fillPage(string $user, string $field, Entry $entry): void
    {
        $key = "order-history::$user";
        try {
            $pipeline = $this->redis?->pipeline();
            $pipeline?->hSet($key, $field, $entry->text());
            $pipeline?->rawCommand('PEXPIRE', $key, (string) self::jittered(self::HISTORY_LIFE), 'NX');
            $pipeline?->exec();
        } catch (RedisException) {
        }
    }

    private static function jittered(int $life): int
    {
        return $life - mt_rand(0, intdiv($life, 10));
    }
}
