-- The look-up of invoices: by number, order, tax number, buyer's name, dates and state, the latest first.
-- Each index that begins with a filter goes on with the date and the id, so that a page is its end read
-- backwards, and then has the columns that other filters compare.

ALTER TABLE invoices
    -- What is rejected has no date of its own yet, and is found by the day it was made.
    ADD COLUMN dated_on DATE AS (COALESCE(issue_date, CAST(created_at AS DATE))) PERSISTENT
        COMMENT 'issue_date; in UTC of created_at while there is none',
    -- Marks are compared by no one; whatever else is neither letter nor digit parts words.
    ADD COLUMN buyer_words VARCHAR(304) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci AS (
        CONCAT(' ', REGEXP_REPLACE(REGEXP_REPLACE(buyer_name, '\\p{M}+', ''),
            '[^\\p{L}\\p{N}]+', ' '), ' ')) PERSISTENT COMMENT 'each word of the buyer''s name between blanks',
    ADD KEY invoices_dated_on_idx (dated_on, id, buyer_words),
    ADD KEY invoices_state_dated_on_idx (state, dated_on, id, buyer_words),
    ADD KEY invoices_buyer_cui_dated_on_idx (buyer_cui, dated_on, id, state, buyer_words);

-- The words of the buyers' names: found by their beginning, without case and accents.
CREATE TABLE invoice_name_words (
    word       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci NOT NULL
        COMMENT 'what is longer is cut',
    dated_on   DATE NOT NULL COMMENT 'that of the invoice',
    invoice_id BIGINT NOT NULL,
    prefix     VARCHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci AS (LEFT(word, 3)) PERSISTENT,
    PRIMARY KEY (word, dated_on, invoice_id),
    KEY invoice_name_words_prefix_dated_on_idx (prefix, dated_on, invoice_id),
    KEY invoice_name_words_invoice_id_idx (invoice_id),
    CONSTRAINT invoice_name_words_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices (id) ON DELETE CASCADE
);

INSERT INTO invoice_name_words (word, dated_on, invoice_id)
SELECT DISTINCT LEFT(w.word, 32), i.dated_on, i.id
FROM invoices i JOIN JSON_TABLE(
    CONCAT('["', REPLACE(TRIM(i.buyer_words), ' ', '","'), '"]'), '$[*]' COLUMNS (
        word VARCHAR(304) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci PATH '$')) AS w
WHERE w.word <> '';
