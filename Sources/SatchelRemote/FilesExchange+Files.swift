import SatchelCore

/// What is asked of files that are there, as far as all providers answer alike.
extension FilesExchange {
    /// Asks for the description of a file.
    ///
    /// - Parameters:
    ///   - url: of the file.
    ///   - headers: key, version and the like.
    ///   - limits: for an answer that is longer than usual.
    ///   - described: what the answer describes; nil when it describes nothing.
    /// - Returns: that, or nil when there is no such file (any more).
    /// - Throws: whatever else the provider says.
    func describe<File>(
        _ url: String,
        headers: [HTTPHeader],
        limits: HTTPLimits = shortLimits(),
        as described: (HTTPResponse) -> File?
    ) async throws(ProviderError) -> File? {
        do throws(ProviderError) {
            let response = try await send(HTTPRequest(.get, url, headers: headers, limits: limits), about: .file)
            guard let file = described(response) else {
                throw refusals.badReply(response.head, "the answer describes no file")
            }
            return file
        } catch {
            if error.kind == .gone { return nil }
            throw error
        }
    }

    /// Deletes a file; one that is gone already is deleted.
    func delete(_ url: String, headers: [HTTPHeader]) async throws(ProviderError) {
        do throws(ProviderError) {
            _ = try await send(
                HTTPRequest(.delete, url, headers: headers, limits: Self.shortLimits()),
                about: .file
            )
        } catch {
            if error.kind != .gone { throw error }
        }
    }

    /// Fetches the bytes of a file.
    func download(
        _ url: String,
        headers: [HTTPHeader],
        upTo limit: ByteCount
    ) async throws(ProviderError) -> [UInt8] {
        var limits = HTTPLimits()
        limits.body = Int(clamping: limit.bytes)
        return try await send(HTTPRequest(.get, url, headers: headers, limits: limits), about: .file).body
    }

    /// Asks for a page of a listing.
    ///
    /// - Parameters:
    ///   - url: with its query.
    ///   - headers: key, version and the like.
    ///   - body: the most bytes of the answer. An entry is a few hundred; names may be long.
    /// - Returns: the page, and the head it came with.
    /// - Throws: what the provider says instead; `.badReply` when it sends something else.
    func page<Page: Decodable>(
        _ url: String,
        headers: [HTTPHeader],
        body: Int = 32 << 20
    ) async throws(ProviderError) -> (Page, HTTPHead) {
        let request = HTTPRequest(.get, url, headers: headers, limits: Self.shortLimits(body: body))
        let response = try await send(request, about: .files)
        guard let page = decodeReply(Page.self, from: response.body) else {
            throw refusals.badReply(response.head, "the answer is no listing of files")
        }
        return (page, response.head)
    }

    /// Whether there is a Files API where `list` asks for a listing.
    func ability(
        _ list: () async throws(ProviderError) -> Void
    ) async throws(ProviderError) -> FilesAbility {
        do throws(ProviderError) {
            try await list()
            return .hasFiles
        } catch {
            guard let ability = FilesAbility(error) else { throw error }
            return ability
        }
    }
}
