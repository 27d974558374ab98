<?php

declare(strict_types=1);

/** A user's session, with its expiry in microseconds since 1970 and its roles as bits. */
final class Session
{
    public const ROLES = ['customer' => 1, 'support' => 2, 'finance' => 4, 'admin' => 8, 'service' => 16];

    public function __construct(
        public readonly string $user,
        public readonly int $expires,
        public readonly int $roles,
    ) {
    }

    public static function ofEntry(Entry $entry): ?self
    {
        $fields = explode('|', $entry->body);
        return count($fields) === 3 ? new self($entry->owner, (int) $fields[0], (int) $fields[1]) : null;
    }

    public function entry(): Entry
    {
        return new Entry(1, $this->user, "$this->expires|$this->roles|");
    }

    public function isCustomer(): bool
    {
        return ($this->roles & self::ROLES['customer']) !== 0;
    }
}
