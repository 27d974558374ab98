<?php

declare(strict_types=1);

/** The record in MariaDB; connected by the first read, and kept by the process. */
final class Store
{
    private const ORDER_COLUMNS = 'id, number, user_id, email, status, payment_status, currency, total_minor,
        item_count, version, created_at, updated_at';

    private ?PDO $connection = null;

    /** @return list<array<string, int|string|null>> */
    private function rows(string $statement, int|string ...$values): array
    {
        $this->connection ??= new PDO(
            'mysql:charset=utf8mb4;unix_socket=' . getenv('MARIADB_SOCKET') . ';dbname=' . getenv('MARIADB_DATABASE'),
            getenv('MARIADB_USER'),
            getenv('MARIADB_PASSWORD'),
            [PDO::ATTR_PERSISTENT => true, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC],
        );
        $prepared = $this->connection->prepare($statement);
        foreach ($values as $index => $value) {
            $prepared->bindValue($index + 1, $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_STR);
        }
        $prepared->execute();
        return $prepared->fetchAll();
    }

    /** The session of a token's hash in hexadecimal digits; null if there is none or it was revoked. */
    public function session(string $hash): ?Session
    {
        $rows = $this->rows(
            'SELECT user_id, roles, CAST(UNIX_TIMESTAMP(expires_at) * 1000000 AS UNSIGNED) AS expires FROM sessions
             WHERE token_hash = UNHEX(?) AND revoked_at IS NULL',
            $hash,
        );
        if ($rows === []) {
            return null;
        }
        $roles = array_map(fn (string $role) => Session::ROLES[$role], explode(',', $rows[0]['roles']));
        return new Session($rows[0]['user_id'], (int) $rows[0]['expires'], array_sum($roles));
    }

    /** A visible order; null if there is none. */
    public function order(int $id): ?array
    {
        $columns = self::ORDER_COLUMNS;
        return $this->rows("SELECT $columns FROM orders WHERE id = ? AND visible_at IS NOT NULL", $id)[0] ?? null;
    }

    /** The payment that counts, or null, and the attempts at it. */
    public function payment(int $orderID): array
    {
        $payment = $this->rows(
            'SELECT id, public_id, provider_intent_id, status, amount_minor, currency, completed_at, expires_at
             FROM payments WHERE order_id = ? AND NOT is_void
             ORDER BY live_order_id IS NULL, id DESC LIMIT 1',
            $orderID,
        )[0] ?? null;
        $attempts = $payment === null ? [] : $this->rows(
            'SELECT attempted_at, decline_code FROM payment_attempts WHERE payment_id = ? ORDER BY id LIMIT 100',
            $payment['id'],
        );
        return [$payment, $attempts];
    }

    /** A page of a user's orders, newest first, and how many there are in all. */
    public function history(string $user, int $page, int $size): array
    {
        $counters = $this->rows('SELECT orders_count FROM customers WHERE user_id = ?', $user);
        $total = $counters[0]['orders_count'] ?? 0;
        $last = $total - $page * $size;
        if ($last <= 0) {
            return [[], $total];
        }
        $columns = self::ORDER_COLUMNS;
        $orders = $this->rows(
            "SELECT $columns FROM orders
             WHERE user_id = ? AND user_seq > ? AND user_seq <= ? ORDER BY user_seq DESC",
            $user,
            $last - $size,
            $last,
        );
        return [$orders, $total];
    }
}
