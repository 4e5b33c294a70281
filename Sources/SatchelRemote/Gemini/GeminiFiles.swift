package import FoundationEssentials
package import SatchelCore

/// The Files API of the Gemini API.
///
/// Facts are from Google's SDK and cookbook of 2026 and from what its users saw. Names are ours to choose and follow from
/// the upload, so before anything is sent one question tells whether an earlier try of it arrived.
package struct GeminiFiles: FileProvider {
    package let traits: ProviderTraits
    let exchange: FilesExchange
    /// Bytes of every piece of an upload but the last.
    let pieceSize: Int
    /// Waits so many seconds; throws when the task is cancelled.
    let sleep: @Sendable (Double) async throws -> Void
    let now: @Sendable () -> Date
    let queue = BlockingQueue("satchel.pieces")

    /// - Parameters:
    ///   - endpoint: without a version in its base URL.
    ///   - traits: `.gemini`, perhaps with limits changed.
    ///   - client: shared by all providers of a process.
    ///   - hashing: for the digest of what goes out, and for names.
    ///   - pieceSize: bytes of every piece of an upload but the last; a multiple of 256 KiB. Google's own SDK sends 8 MiB.
    ///   - sleep: waits so many seconds.
    ///   - now: against which it is told how long a copy still lives.
    package init(
        _ endpoint: Endpoint,
        traits: ProviderTraits = .gemini,
        client: HTTPClient,
        hashing: any Hashing,
        pieceSize: Int = 8 << 20,
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) },
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.traits = traits
        exchange = FilesExchange(endpoint, client: client, hashing: hashing, dialect: .gemini)
        self.pieceSize = pieceSize
        self.sleep = sleep
        self.now = now
    }

    package var serverTime: Date? { exchange.clock.now }

    package func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] {
        await exchange.each(batch, atOnce: traits.parallelUploads) { upload throws(ProviderError) in
            try await send(upload)
        }
    }

    /// `GET /v1beta/files?pageSize&pageToken`, in an order that is not documented.
    ///
    /// The cursor is the token and the first name of the page that brought it: a server that ignores tokens is found
    /// out by its first name.
    package func list(after cursor: String?) async throws(ProviderError) -> RemotePage {
        let parts = (cursor ?? "").split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let reply = try await page(token: cursor == nil ? nil : String(parts[0]), size: traits.listPage)
        let first = reply.files.first?.name.rawValue ?? ""
        if cursor != nil, parts.count == 2, !first.isEmpty, first == parts[1] {
            return RemotePage(files: [], next: nil)
        }
        let files = reply.files.compactMap { $0.remoteFile(at: exchange.endpoint) }
        return RemotePage(files: files, next: reply.next.map { "\($0)\n\(first)" })
    }

    package func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? {
        guard let file = try await file(try name(id)) else { return nil }
        return file.remoteFile(at: exchange.endpoint)
    }

    package func delete(_ id: RemoteFileID) async throws(ProviderError) { try await delete(try name(id)) }

    /// Only what models made can be fetched; uploads never.
    package func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] {
        throw ProviderError(.unsupported, "\(exchange.endpoint.host) gives no uploaded file back")
    }

    /// By its chosen names: no listing.
    package func find(_ upload: Upload, createdAfter: Date) async throws(ProviderError) -> RemoteFile? {
        for form in 1...GeminiName.forms {
            guard case .usable(let file) = try await look(for: upload, as: chosenName(of: upload, form: form)),
                file.state == .active
            else { continue }
            return file.remoteFile(at: exchange.endpoint)
        }
        return nil
    }

    /// Through the whole listing, where only a name is known.
    package func find(
        uploadName: String,
        size: Int64,
        createdAfter: Date
    ) async throws(ProviderError) -> RemoteFile? {
        var newest: RemoteFile?
        var cursor: String?
        for _ in 0..<50 {
            let page = try await list(after: cursor)
            for file in page.files where file.name == uploadName && file.size == size && file.state == .ready {
                guard let created = file.createdAt, created >= createdAfter.addingTimeInterval(-300) else { continue }
                if created > newest?.createdAt ?? .distantPast { newest = file }
            }
            guard let next = page.next else { break }
            cursor = next
        }
        return newest
    }

    package func probe() async throws(ProviderError) -> FilesAbility {
        try await exchange.ability { () throws(ProviderError) in _ = try await page(token: nil, size: 1) }
    }
}

// MARK: The wire

extension GeminiFiles {
    var headers: [HTTPHeader] { exchange.endpoint.geminiHeaders + [HTTPHeader("Accept", "application/json")] }

    private func url(_ path: String) -> String { exchange.endpoint.geminiURL(path) }

    private func name(_ id: RemoteFileID) throws(ProviderError) -> GeminiName {
        guard let reference = GeminiReference(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
        return reference.name
    }

    /// Nil when there is no such file (any more).
    func file(_ name: GeminiName) async throws(ProviderError) -> GeminiFile? {
        // The picture in front of a video comes along, in base64.
        let limits = FilesExchange.shortLimits(body: 16 << 20)
        return try await exchange.describe(url(name.rawValue), headers: headers, limits: limits) { response in
            decodeReply(GeminiFile.self, from: response.body)
        }
    }

    func delete(_ name: GeminiName) async throws(ProviderError) {
        try await exchange.delete(url(name.rawValue), headers: headers)
    }

    private func page(token: String?, size: Int) async throws(ProviderError) -> GeminiListReply {
        var path = "files?pageSize=\(size)"
        if let token { path += "&pageToken=" + percentEncoded(token) }
        return try await exchange.page(url(path), headers: headers).0
    }
}

extension Endpoint {
    /// `v1` has been the SDK's since its version 3; `v1beta` is what the documentation shows, and has everything.
    var geminiVersion: String { apiVersion ?? "v1beta" }

    /// `BASE/v1beta/PATH`, or where uploads begin `BASE/upload/v1beta/PATH`; a base that ends in the version is right, too.
    func geminiURL(_ path: String, isUpload: Bool = false) -> String {
        let version = "/" + geminiVersion
        let base = baseURL.hasSuffix(version) ? String(baseURL.dropLast(version.count)) : baseURL
        return base + (isUpload ? "/upload" : "") + version + "/" + path
    }

    /// The key goes into this header alone: in a URL it would come back in upload URLs and be logged on the way.
    var geminiHeaders: [HTTPHeader] {
        (key.map { [HTTPHeader("x-goog-api-key", $0.value)] } ?? []) + extraHeaders
    }
}
