import Signing

/// Seals stored answers, and opens what was sealed under the key before the current one.
struct Sealing: Sendable {
    private let current: AESGCM
    private let previous: AESGCM?

    /// Takes keys of 32 bytes.
    init(key: [UInt8], previousKey: [UInt8]?) throws(SigningError) {
        current = try AESGCM(key: key)
        guard let previousKey else {
            previous = nil
            return
        }
        previous = try AESGCM(key: previousKey)
    }

    func seal(_ plaintext: [UInt8], authenticating context: [UInt8]) -> [UInt8] {
        current.seal(plaintext, authenticating: context)
    }

    func open(
        _ box: [UInt8],
        authenticating context: [UInt8]
    ) throws(SigningError) -> [UInt8] {
        do throws(SigningError) {
            return try current.open(box, authenticating: context)
        } catch {
            guard let previous else { throw error }
            return try previous.open(box, authenticating: context)
        }
    }
}
