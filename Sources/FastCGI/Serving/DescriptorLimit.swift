import CLinux

/// How many descriptors the process may have open.
enum DescriptorLimit {
    /// Raises the limit, as far as the system lets it; 1,024 is usual at the start.
    ///
    /// Of the libraries only libfcgi still has tables of 1,024 descriptors, for its asynchronous
    /// mode, which is not used.
    static func raise(to wanted: Int) {
        var limit = rlimit()
        guard getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let raised = min(rlim_t(wanted), limit.rlim_max)
        guard raised > limit.rlim_cur else { return }
        limit.rlim_cur = raised
        setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
    }
}
