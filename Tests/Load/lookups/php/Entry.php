<?php

declare(strict_types=1);

/** What orderd stores: `2|<version>|<owner>|<length>|<fragment><body>`. */
final class Entry
{
    public function __construct(
        public readonly int $version,
        public readonly string $owner,
        public readonly string $body,
        public readonly string $fragment = '',
    ) {
    }

    /** Reads a stored value; null if there is none, or of another format. */
    public static function stored(mixed $value): ?self
    {
        $fields = is_string($value) ? explode('|', $value, 5) : [];
        if (count($fields) !== 5 || $fields[0] !== '2') {
            return null;
        }
        [, $version, $owner, $length, $rest] = $fields;
        return new self((int) $version, $owner, substr($rest, (int) $length), substr($rest, 0, (int) $length));
    }

    public function text(): string
    {
        $length = strlen($this->fragment);
        return "2|$this->version|$this->owner|$length|$this->fragment$this->body";
    }
}
