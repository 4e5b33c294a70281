import SatchelCore

/// A file made ready to be sent.
struct OutgoingFile: Sendable {
    let body: HTTPRequest.Body
    private let feed: UploadFeed?

    /// Opens the file, and reads it when it is small; blocks.
    ///
    /// - Parameters:
    ///   - upload: what is to be sent.
    ///   - prefix: goes before the file.
    ///   - suffix: goes after it.
    ///   - hashing: for the digest of what goes out.
    /// - Returns: the body, and the means to ask afterwards what it was.
    /// - Throws: `.source` when it cannot be read, `.changed` when it is not what was to be sent.
    static func open(
        _ upload: Upload,
        prefix: [UInt8] = [],
        suffix: [UInt8] = [],
        hashing: any Hashing
    ) throws(ProviderError) -> OutgoingFile {
        do throws(SourceError) {
            let reader = try upload.source.open()
            guard reader.size == upload.size else { throw SourceError(.changing, "changed since it was looked at") }
            guard upload.size <= Upload.wholeLimit else {
                let feed = UploadFeed(reader, prefix: prefix, suffix: suffix, hashing: hashing)
                return OutgoingFile(body: .feed(feed), feed: feed)
            }
            let body = try whole(reader, upload, prefix: prefix, suffix: suffix, hashing: hashing)
            return OutgoingFile(body: .bytes(body), feed: nil)
        } catch {
            throw error.kind == .changing
                ? ProviderError(.changed, error.message) : ProviderError(.source(error.kind), error.message)
        }
    }

    /// Why reading stopped in the middle; nil when it did not.
    var failure: ProviderError? {
        feed?.failure.map { failure in
            let kind: ProviderError.Kind = failure.kind == .changing ? .changed : .source(failure.kind)
            return ProviderError(kind, failure.message)
        }
    }

    /// What an exchange means that ended with `error` and described no file.
    ///
    /// When other bytes than those of `digest` may have arrived, nobody may take them for it.
    func meaning(of error: ProviderError, for digest: ContentDigest) -> ProviderError {
        guard error.mayHaveArrived, feed?.sentAnother(than: digest) == true else { return failure ?? error }
        var changed = ProviderError(.changed, "changed while it was sent")
        changed.leftAnother = true
        return changed
    }

    /// Whether what went out was `digest`; asked when the exchange is over.
    func sent(exactly digest: ContentDigest) -> Bool { feed?.sent(exactly: digest) ?? true }

    private static func whole(
        _ reader: any UploadReader,
        _ upload: Upload,
        prefix: [UInt8],
        suffix: [UInt8],
        hashing: any Hashing
    ) throws(SourceError) -> [UInt8] {
        let size = Int(upload.size)
        var failure: SourceError?
        let body = [UInt8](unsafeUninitializedCapacity: prefix.count + size + suffix.count) { buffer, count in
            let all = UnsafeMutableRawBufferPointer(buffer)
            all.copyBytes(from: prefix)
            let file = UnsafeMutableRawBufferPointer(rebasing: all[prefix.count..<(prefix.count + size)])
            failure = fill(file, from: reader, digest: upload.digest, hashing: hashing)
            guard failure == nil else {
                count = 0
                return
            }
            UnsafeMutableRawBufferPointer(rebasing: all[(prefix.count + size)...]).copyBytes(from: suffix)
            count = prefix.count + size + suffix.count
        }
        if let failure { throw failure }
        return body
    }

    /// Nil when `file` was filled with exactly the content of that digest.
    private static func fill(
        _ file: UnsafeMutableRawBufferPointer,
        from reader: any UploadReader,
        digest: ContentDigest,
        hashing: any Hashing
    ) -> SourceError? {
        var filled = 0
        while filled < file.count {
            do throws(SourceError) {
                let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: file[filled...]))
                if count == 0 { return SourceError(.changing, "became shorter while it was read") }
                filled += count
            } catch {
                return error
            }
        }
        guard hashing.digest(of: UnsafeRawBufferPointer(file)) == digest, reader.isUnchanged() else {
            return SourceError(.changing, "changed while it was read")
        }
        return nil
    }
}
