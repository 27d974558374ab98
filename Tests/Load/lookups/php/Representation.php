<?php

declare(strict_types=1);

/** The JSON of look-ups, from rows. */
final class Representation
{
    public const JSON = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS;

    // What of a decline a payer may not see.
    private const HIDDEN = ['lost_card', 'stolen_card', 'fraudulent', 'pickup_card', 'merchant_blacklist'];

    public static function payment(array $order, ?array $payment, array $attempts): Entry
    {
        $value = ['orderId' => $order['id'], 'status' => 'none_required'];
        if ($payment !== null) {
            $value = [
                'orderId' => $order['id'],
                'paymentId' => $payment['public_id'],
                'status' => $payment['status'],
                'amount' => $payment['amount_minor'],
                'currency' => $payment['currency'],
                'stripePaymentIntentId' => $payment['provider_intent_id'],
                'completedAt' => self::instant($payment['completed_at']),
                'attempts' => array_map(fn (array $attempt) => [
                    'at' => self::instant($attempt['attempted_at']),
                    'declineCode' => self::shown($attempt['decline_code']),
                ], $attempts),
                'expiresAt' => self::instant($payment['expires_at']),
            ];
        }
        return new Entry($order['version'], $order['user_id'] ?? '', json_encode($value, self::JSON));
    }

    /** A page has a digest of its bytes as its version. */
    public static function page(string $user, array $orders, int $page, int $size, int $total): Entry
    {
        $body = json_encode([
            'items' => array_map(self::summary(...), $orders),
            'page' => $page,
            'size' => $size,
            'totalItems' => $total,
            'totalPages' => intdiv($total + $size - 1, $size),
        ], self::JSON);
        // PHP has no unsigned integers, so the digest's two halves are reduced one after the other.
        ['high' => $high, 'low' => $low] = unpack('Nhigh/Nlow', hash('sha256', $body, true));
        $modulus = 1_000_000_000_000_000_000;
        $version = $high;
        for ($bit = 0; $bit < 32; $bit++) {
            $version = $version * 2 % $modulus;
        }
        return new Entry(($version + $low) % $modulus, $user, $body);
    }

    private static function summary(array $order): array
    {
        return [
            'id' => $order['id'],
            'orderNumber' => $order['number'],
            'status' => $order['status'],
            'paymentStatus' => $order['payment_status'],
            'total' => ['amount' => $order['total_minor'], 'currency' => $order['currency']],
            'createdAt' => self::instant($order['created_at']),
            'updatedAt' => self::instant($order['updated_at']),
            'itemCount' => $order['item_count'],
            'customerIdentifier' => $order['user_id'] ?? $order['email'],
            'version' => $order['version'],
        ];
    }

    /** A column's time by RFC 3339 with milliseconds. */
    private static function instant(?string $time): ?string
    {
        return $time === null ? null : strtr(substr($time, 0, 23), ' ', 'T') . 'Z';
    }

    private static function shown(?string $code): ?string
    {
        return in_array($code, self::HIDDEN, true) ? 'generic_decline' : $code;
    }
}
