/// Makes SHA-256 hashers: fulfilled by the target that owns libcrypto, used by those that may not import it.
package protocol Hashing: Sendable {
    /// A hasher that has seen nothing yet.
    func makeHasher() -> any ContentHasher
}

/// One running SHA-256; not to be used after ``finish()``.
package protocol ContentHasher: AnyObject {
    /// Takes the next piece.
    func update(_ bytes: UnsafeRawBufferPointer)
    /// The digest of all pieces.
    func finish() -> ContentDigest
}

extension Hashing {
    /// The digest of bytes that are already in memory.
    package func digest(of bytes: UnsafeRawBufferPointer) -> ContentDigest {
        let hasher = makeHasher()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// The same for an array.
    package func digest(of bytes: [UInt8]) -> ContentDigest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }
}
