-- What decides a search by name and something else within the index of the words. Each row of a word
-- has a signature of all words of its name: of each its first three letters set one of 64 bits. Those of
-- orders have besides a key of the address and one of the phone, which may be shared by some of either.
-- What a process of an older version adds has all bits, and is found by the words alone.

ALTER TABLE order_name_words
    ADD COLUMN name_bits BIGINT UNSIGNED NOT NULL DEFAULT 18446744073709551615
        COMMENT 'for each word of the name the bit CRC32(weights of its first three letters) & 63',
    ADD COLUMN email_key INT UNSIGNED NULL COMMENT 'CRC32(weights of orders.email)',
    ADD COLUMN phone_key INT UNSIGNED NULL COMMENT 'CRC32(orders.phone_digits)',
    DROP KEY order_name_words_prefix_placed_at_idx;

UPDATE order_name_words w
JOIN (SELECT order_id, BIT_OR(1 << (CRC32(WEIGHT_STRING(prefix)) & 63)) AS bits
    FROM order_name_words GROUP BY order_id) AS n ON n.order_id = w.order_id
JOIN orders o ON o.id = w.order_id
SET w.name_bits = n.bits,
    w.email_key = CRC32(WEIGHT_STRING(CONVERT(o.email USING utf8mb4) COLLATE utf8mb4_uca1400_ai_ci)),
    w.phone_key = CRC32(o.phone_digits);

ALTER TABLE order_name_words
    ADD KEY order_name_words_prefix_placed_at_idx (prefix, placed_at, order_id, name_bits),
    ADD KEY order_name_words_email_key_prefix_placed_at_idx
        (email_key, prefix, placed_at, order_id, name_bits),
    ADD KEY order_name_words_phone_key_prefix_placed_at_idx
        (phone_key, prefix, placed_at, order_id, name_bits);

ALTER TABLE invoice_name_words
    ADD COLUMN name_bits BIGINT UNSIGNED NOT NULL DEFAULT 18446744073709551615
        COMMENT 'for each word of the name the bit CRC32(weights of its first three letters) & 63',
    DROP KEY invoice_name_words_prefix_dated_on_idx;

UPDATE invoice_name_words w
JOIN (SELECT invoice_id, BIT_OR(1 << (CRC32(WEIGHT_STRING(prefix)) & 63)) AS bits
    FROM invoice_name_words GROUP BY invoice_id) AS n ON n.invoice_id = w.invoice_id
SET w.name_bits = n.bits;

ALTER TABLE invoice_name_words
    ADD KEY invoice_name_words_prefix_dated_on_idx (prefix, dated_on, invoice_id, name_bits);
