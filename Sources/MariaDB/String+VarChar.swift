extension String {
    /// As much of the start as a column `VARCHAR(length)` holds, which counts code points.
    ///
    /// Source: https://mariadb.com/kb/en/varchar/
    package func cut(toVarChar length: Int) -> String {
        String(UnicodeScalarView(unicodeScalars.prefix(length)))
    }
}
