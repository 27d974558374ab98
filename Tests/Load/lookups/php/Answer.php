<?php

declare(strict_types=1);

/** Sends answers as orderd does; each ends the request. */
final class Answer
{
    private const TITLES = [
        400 => 'Bad Request',
        401 => 'Unauthorized',
        403 => 'Forbidden',
        404 => 'Not Found',
        503 => 'Service Unavailable',
    ];

    /** The body of a look-up, or 304 to whoever has it already. */
    public static function lookUp(string $tag, string $body): never
    {
        self::identify();
        header('Cache-Control: private, no-cache');
        header('Vary: Authorization, Cookie');
        header("ETag: $tag");
        if (self::isKnown($tag, $_SERVER['HTTP_IF_NONE_MATCH'] ?? '')) {
            http_response_code(304);
            // Or PHP would add the type of a page.
            ini_set('default_mimetype', '');
            exit;
        }
        header('Content-Type: application/json');
        header('Content-Length: ' . strlen($body));
        echo $body;
        exit;
    }

    /** A problem by RFC 9457. */
    public static function problem(int $status, string $code, string $detail, ?string $challenge = null): never
    {
        $requestID = self::identify();
        $body = json_encode([
            'type' => "urn:order-service:problem:$code",
            'title' => self::TITLES[$status],
            'status' => $status,
            'detail' => $detail,
            'code' => $code,
            'requestId' => $requestID,
        ], Representation::JSON);
        http_response_code($status);
        header('Content-Type: application/problem+json');
        header('Cache-Control: no-store');
        if ($challenge !== null) {
            header("WWW-Authenticate: $challenge");
        }
        if ($status === 503) {
            header('Retry-After: 1');
        }
        header('Content-Length: ' . strlen($body));
        echo $body;
        exit;
    }

    private static function identify(): string
    {
        $requestID = $_SERVER['HTTP_X_REQUEST_ID'] ?? '';
        header("X-Request-Id: $requestID");
        return $requestID;
    }

    private static function isKnown(string $tag, string $header): bool
    {
        foreach (explode(',', $header) as $known) {
            $known = trim($known);
            if ($known === $tag || $known === "W/$tag") {
                return true;
            }
        }
        return false;
    }
}
