internal import COpenSSL
package import SatchelCore

/// SHA-256 by libcrypto.
package struct SHA256Hashing: Hashing {
    package init() {}

    package func makeHasher() -> any ContentHasher { SHA256Hasher() }
}

/// One libcrypto context, used for any number of contents one after the other.
package final class SHA256Hasher: ContentHasher {
    private let context: OpaquePointer

    package init() {
        // Without memory for a context, or without SHA-256 in libcrypto, no digest can be trusted: stop.
        guard let made = EVP_MD_CTX_new() else { preconditionFailure("libcrypto: out of memory") }
        context = made
        precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto: no SHA-256")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        precondition(EVP_DigestUpdate(context, start, bytes.count) == 1, "libcrypto: SHA-256 failed")
    }

    /// The digest of what was given since the last ``restart()``.
    package func finish() -> ContentDigest {
        withUnsafeTemporaryAllocation(byteCount: ContentDigest.byteCount, alignment: 8) { buffer in
            let digest =
                EVP_DigestFinal_ex(context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), nil) == 1
                ? ContentDigest(UnsafeRawBufferPointer(buffer)) : nil
            guard let digest else { preconditionFailure("libcrypto: SHA-256 failed") }
            return digest
        }
    }

    /// Forgets everything, for the next content: dearer contexts are made once, not per file.
    package func restart() {
        // Without a digest named, the one the context was made with is kept and not looked up again.
        precondition(EVP_DigestInit_ex(context, nil, nil) == 1, "libcrypto: SHA-256 failed")
    }
}
