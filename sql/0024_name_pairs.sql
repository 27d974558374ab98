-- Each two words of a name: a search by two words that many names have reads those alone that have both.
-- A word goes in by its first three letters, as one that is looked for has three at least.

CREATE TABLE order_name_pairs (
    pair       INT UNSIGNED NOT NULL
        COMMENT 'CRC32(weights of a word''s first three letters) + that of the other, of which 32 bits',
    placed_at  DATETIME(6) NOT NULL COMMENT 'created_at of the order',
    order_id   BIGINT NOT NULL,
    PRIMARY KEY (pair, placed_at, order_id),
    KEY order_name_pairs_order_id_idx (order_id),
    CONSTRAINT order_name_pairs_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
);

INSERT INTO order_name_pairs (pair, placed_at, order_id)
SELECT (CRC32(WEIGHT_STRING(LEFT(a.word, 3))) + CRC32(WEIGHT_STRING(LEFT(b.word, 3)))) & 4294967295 AS pair,
    a.placed_at, a.order_id
FROM order_name_words a JOIN order_name_words b ON b.order_id = a.order_id
WHERE a.word < b.word AND CHAR_LENGTH(a.word) >= 3 AND CHAR_LENGTH(b.word) >= 3
ON DUPLICATE KEY UPDATE order_id = a.order_id;

CREATE TABLE invoice_name_pairs (
    pair       INT UNSIGNED NOT NULL
        COMMENT 'CRC32(weights of a word''s first three letters) + that of the other, of which 32 bits',
    dated_on   DATE NOT NULL COMMENT 'that of the invoice',
    invoice_id BIGINT NOT NULL,
    PRIMARY KEY (pair, dated_on, invoice_id),
    KEY invoice_name_pairs_invoice_id_idx (invoice_id),
    CONSTRAINT invoice_name_pairs_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices (id) ON DELETE CASCADE
);

INSERT INTO invoice_name_pairs (pair, dated_on, invoice_id)
SELECT (CRC32(WEIGHT_STRING(LEFT(a.word, 3))) + CRC32(WEIGHT_STRING(LEFT(b.word, 3)))) & 4294967295 AS pair,
    a.dated_on, a.invoice_id
FROM invoice_name_words a JOIN invoice_name_words b ON b.invoice_id = a.invoice_id
WHERE a.word < b.word AND CHAR_LENGTH(a.word) >= 3 AND CHAR_LENGTH(b.word) >= 3
ON DUPLICATE KEY UPDATE invoice_id = a.invoice_id;
