-- Customer service's search of orders: by e-mail address, telephone number, name, states and dates, the
-- newest first. Each index that begins with a filter goes on with the order's time and id, so that a
-- page is its end read backwards, and then has the columns that other filters compare: a pair is
-- decided without reading the orders themselves.

ALTER TABLE orders
    ADD COLUMN phone_digits VARCHAR(34) CHARACTER SET ascii COLLATE ascii_bin AS (
        REGEXP_REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(phone, '[^0-9]+', ''), '^00', ''),
            '^(40)?0', '40')) PERSISTENT COMMENT 'with the country''s code, a national number with 40',
    -- Marks are compared by no one; whatever else is neither letter nor digit parts words.
    ADD COLUMN name_words VARCHAR(204) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci AS (
        CONCAT(' ', REGEXP_REPLACE(REGEXP_REPLACE(contact_name, '\\p{M}+', ''),
            '[^\\p{L}\\p{N}]+', ' '), ' ')) PERSISTENT COMMENT 'each word of the name between blanks',
    DROP KEY orders_email_id_idx,
    ADD KEY orders_created_at_idx (created_at, id, name_words),
    ADD KEY orders_status_created_at_idx (status, created_at, id, name_words),
    ADD KEY orders_payment_status_created_at_idx (payment_status, created_at, id, name_words),
    ADD KEY orders_states_created_at_idx (status, payment_status, created_at, id, name_words),
    ADD KEY orders_email_created_at_idx
        (email, created_at, id, status, payment_status, phone_digits, name_words),
    ADD KEY orders_phone_digits_created_at_idx
        (phone_digits, created_at, id, status, payment_status, name_words);

-- The words of the names: found by their beginning, without case and accents.
CREATE TABLE order_name_words (
    word       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci NOT NULL
        COMMENT 'what is longer is cut',
    placed_at  DATETIME(6) NOT NULL COMMENT 'created_at of the order',
    order_id   BIGINT NOT NULL,
    prefix     VARCHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci AS (LEFT(word, 3)) PERSISTENT,
    PRIMARY KEY (word, placed_at, order_id),
    KEY order_name_words_prefix_placed_at_idx (prefix, placed_at, order_id),
    KEY order_name_words_order_id_idx (order_id),
    CONSTRAINT order_name_words_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
);

INSERT INTO order_name_words (word, placed_at, order_id)
SELECT DISTINCT LEFT(w.word, 32), o.created_at, o.id
FROM orders o JOIN JSON_TABLE(
    CONCAT('["', REPLACE(TRIM(o.name_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
        word VARCHAR(204) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci PATH '$')) AS w
WHERE w.word <> '';

-- The filters of a search are nine words at most.
ALTER TABLE audit_records
    MODIFY subject VARCHAR(96) NULL COMMENT 'what else the path names: a refund, a breaker; the filters of a search';
