-- Invoices and credit notes. One that is issued is a snapshot and changes no more: its document, its
-- XML and the columns taken from them stay; only where it stands with the tax office moves.

CREATE TABLE invoice_series (
    series          VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind            VARCHAR(11) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    next_ordinal    BIGINT NOT NULL DEFAULT 1 COMMENT 'taken in the transaction that inserts the document, so that none is left out',
    last_issued_on  DATE NULL COMMENT 'in Romania''s calendar; no later number has an earlier date',
    PRIMARY KEY (series),
    CONSTRAINT invoice_series_kind_check CHECK (kind IN ('invoice', 'credit_note')),
    CONSTRAINT invoice_series_next_ordinal_check CHECK (next_ordinal >= 1)
);

CREATE TABLE invoices (
    id             BIGINT NOT NULL AUTO_INCREMENT,
    public_id      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cause_key      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
        COMMENT 'order:<order id>, refund:<refund id> or cancel:<order id>: one document each',
    kind           VARCHAR(11) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_id       BIGINT NOT NULL,
    refund_id      BIGINT NULL,
    credited_id    BIGINT NULL COMMENT 'of a credit note: the invoice',
    series         VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ordinal        BIGINT NULL,
    number         VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'series and ordinal; null while it is rejected',
    state          VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'rejected by our own rules, or of the last submission',
    issue_date     DATE NULL COMMENT 'in Romania''s calendar',
    deadline       DATE NULL COMMENT 'of its submission',
    order_number   CHAR(14) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    buyer_name     VARCHAR(300) NOT NULL,
    buyer_cui      VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL,
    currency       CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    net_minor      BIGINT NOT NULL,
    vat_minor      BIGINT NOT NULL,
    gross_minor    BIGINT NOT NULL,
    document       MEDIUMTEXT NOT NULL COMMENT 'all that stands on it, as JSON',
    xml            MEDIUMBLOB NULL COMMENT 'UBL 2.1, made once',
    xml_sha256     BINARY(32) NULL,
    faults         TEXT NULL COMMENT 'of a rejected one: the rules it breaks, with their fields',
    version        BIGINT NOT NULL DEFAULT 1,
    created_at     DATETIME(6) NOT NULL,
    updated_at     DATETIME(6) NOT NULL,
    issued_at      DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY invoices_public_id_key (public_id),
    UNIQUE KEY invoices_cause_key_key (cause_key),
    UNIQUE KEY invoices_series_ordinal_key (series, ordinal),
    UNIQUE KEY invoices_number_key (number),
    KEY invoices_order_id_idx (order_id, id),
    KEY invoices_order_number_idx (order_number, id),
    KEY invoices_state_deadline_idx (state, deadline, id),
    KEY invoices_issue_date_idx (issue_date, id),
    CONSTRAINT invoices_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT invoices_refund_id_fkey FOREIGN KEY (refund_id) REFERENCES refunds (id),
    CONSTRAINT invoices_credited_id_fkey FOREIGN KEY (credited_id) REFERENCES invoices (id),
    CONSTRAINT invoices_series_fkey FOREIGN KEY (series) REFERENCES invoice_series (series),
    CONSTRAINT invoices_kind_check CHECK (kind IN ('invoice', 'credit_note')
        AND (kind = 'credit_note') = (credited_id IS NOT NULL)),
    CONSTRAINT invoices_state_check CHECK (state IN
        ('rejected', 'queued', 'uploading', 'unknown', 'processing', 'ok', 'nok', 'refused')),
    CONSTRAINT invoices_issued_check CHECK ((state = 'rejected') = (number IS NULL)
        AND (number IS NULL) = (ordinal IS NULL) AND (number IS NULL) = (series IS NULL)
        AND (number IS NULL) = (xml IS NULL) AND (number IS NULL) = (xml_sha256 IS NULL)
        AND (number IS NULL) = (issue_date IS NULL) AND (number IS NULL) = (issued_at IS NULL)
        AND (number IS NULL) = (deadline IS NULL) AND (number IS NULL) = (faults IS NOT NULL)),
    CONSTRAINT invoices_sums_check CHECK (net_minor >= 0 AND vat_minor >= 0
        AND gross_minor = net_minor + vat_minor),
    CONSTRAINT invoices_json_check CHECK (JSON_VALID(document) AND (faults IS NULL OR JSON_VALID(faults)))
);

-- Every try to hand a document to the tax office; a try after `nok` is a new one.
CREATE TABLE invoice_submissions (
    id               BIGINT NOT NULL AUTO_INCREMENT,
    invoice_id       BIGINT NOT NULL,
    attempt          INT NOT NULL COMMENT 'from 1',
    channel          VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state            VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    upload_index     VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'index_incarcare',
    download_id      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'id_descarcare',
    faults           TEXT NULL COMMENT 'rules and texts of the answer',
    response         MEDIUMBLOB NULL COMMENT 'the ZIP with the ministry''s signature',
    version          BIGINT NOT NULL DEFAULT 1,
    created_at       DATETIME(6) NOT NULL,
    updated_at       DATETIME(6) NOT NULL,
    uploaded_at      DATETIME(6) NULL,
    checked_at       DATETIME(6) NULL,
    finished_at      DATETIME(6) NULL,
    PRIMARY KEY (id),
    UNIQUE KEY invoice_submissions_invoice_id_attempt_key (invoice_id, attempt),
    KEY invoice_submissions_state_idx (state, id),
    CONSTRAINT invoice_submissions_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES invoices (id),
    CONSTRAINT invoice_submissions_channel_check CHECK (channel IN ('b2b', 'b2c')),
    CONSTRAINT invoice_submissions_state_check CHECK (state IN
        ('queued', 'uploading', 'unknown', 'processing', 'ok', 'nok', 'refused')),
    CONSTRAINT invoice_submissions_faults_check CHECK (faults IS NULL OR JSON_VALID(faults))
);
