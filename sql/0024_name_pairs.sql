-- Each two words of a name: a search by two words that many names have reads those alone that have both.
-- A word goes in by its first three letters, and with each other word by its initial, for those of which less
-- than three are given; of letters four to six a row has a signature, which leaves little to be looked up.

CREATE TABLE order_name_pairs (
    pair        INT UNSIGNED NOT NULL
        COMMENT 'CRC32(weights of a word''s first 3 letters) + that of 3 letters or 1 of the other, of which 32 bits',
    placed_at   DATETIME(6) NOT NULL COMMENT 'created_at of the order',
    order_id    BIGINT NOT NULL,
    prefix_bits BIGINT NOT NULL
        COMMENT 'for each beginning of 4 to 6 letters of either word the bit CRC32(its weights) % 63',
    PRIMARY KEY (pair, placed_at, order_id),
    KEY order_name_pairs_order_id_idx (order_id),
    CONSTRAINT order_name_pairs_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
);

INSERT INTO order_name_pairs (pair, placed_at, order_id, prefix_bits)
SELECT (CRC32(WEIGHT_STRING(LEFT(a.word, 3))) + CRC32(WEIGHT_STRING(LEFT(b.word, letters)))) & 4294967295 AS pair,
    a.placed_at, a.order_id,
    1 << (CRC32(WEIGHT_STRING(LEFT(a.word, 4))) % 63) | 1 << (CRC32(WEIGHT_STRING(LEFT(b.word, 4))) % 63) |
    1 << (CRC32(WEIGHT_STRING(LEFT(a.word, 5))) % 63) | 1 << (CRC32(WEIGHT_STRING(LEFT(b.word, 5))) % 63) |
    1 << (CRC32(WEIGHT_STRING(LEFT(a.word, 6))) % 63) | 1 << (CRC32(WEIGHT_STRING(LEFT(b.word, 6))) % 63)
FROM order_name_words a JOIN order_name_words b ON b.order_id = a.order_id
    JOIN (SELECT 3 AS letters UNION ALL SELECT 1) AS by_letters
WHERE a.word <> b.word AND CHAR_LENGTH(a.word) >= 3
    AND (letters = 1 OR a.word < b.word AND CHAR_LENGTH(b.word) >= 3)
ON DUPLICATE KEY UPDATE prefix_bits = order_name_pairs.prefix_bits | VALUES(prefix_bits);

CREATE TABLE invoice_name_pairs (
    pair        INT UNSIGNED NOT NULL
        COMMENT 'CRC32(weights of a word''s first 3 letters) + that of 3 letters or 1 of the other, of which 32 bits',
    dated_on    DATE NOT NULL COMMENT 'that of the invoice',
    invoice_id  BIGINT NOT NULL,
    prefix_bits BIGINT NOT NULL
        COMMENT 'for each beginning of 4 to 6 letters of either word the bit CRC32(its weights) % 63',
    PRIMARY KEY (pair, dated_on, invoice_id),
    KEY invoice_name_pairs_invoice_id_idx (invoice_id),
    CONSTRAINT invoice_name_pairs_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices (id) ON DELETE CASCADE
);

INSERT INTO invoice_name_pairs (pair, dated_on, invoice_id, prefix_bits)
SELECT (CRC32(WEIGHT_STRING(LEFT(a.word, 3))) + CRC32(WEIGHT_STRING(LEFT(b.word, letters)))) & 4294967295 AS pair,
    a.dated_on, a.invoice_id,
    1 << (CRC32(WEIGHT_STRING(LEFT(a.word, 4))) % 63) | 1 << (CRC32(WEIGHT_STRING(LEFT(b.word, 4))) % 63) |
    1 << (CRC32(WEIGHT_STRING(LEFT(a.word, 5))) % 63) | 1 << (CRC32(WEIGHT_STRING(LEFT(b.word, 5))) % 63) |
    1 << (CRC32(WEIGHT_STRING(LEFT(a.word, 6))) % 63) | 1 << (CRC32(WEIGHT_STRING(LEFT(b.word, 6))) % 63)
FROM invoice_name_words a JOIN invoice_name_words b ON b.invoice_id = a.invoice_id
    JOIN (SELECT 3 AS letters UNION ALL SELECT 1) AS by_letters
WHERE a.word <> b.word AND CHAR_LENGTH(a.word) >= 3
    AND (letters = 1 OR a.word < b.word AND CHAR_LENGTH(b.word) >= 3)
ON DUPLICATE KEY UPDATE prefix_bits = invoice_name_pairs.prefix_bits | VALUES(prefix_bits);
