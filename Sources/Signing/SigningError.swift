/// Why a key or a sealed box was refused.
package enum SigningError: Error, Equatable {
    /// A key of another length than the 32 bytes that AES-256 takes.
    case invalidKeyLength(Int)

    /// Too short for a sealed box, or of a version that this code does not know.
    case malformedBox

    /// The box was sealed with another key or for another context, or it was altered.
    case authenticationFailed
}
