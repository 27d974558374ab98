-- What the service cannot read is not written either: numbers count from 1, and a currency is three
-- upper-case letters.

ALTER TABLE invoices
    ADD CONSTRAINT invoices_ordinal_check CHECK (ordinal IS NULL OR ordinal >= 1),
    ADD CONSTRAINT invoices_currency_check CHECK (currency REGEXP '^[A-Z]{3}$');
