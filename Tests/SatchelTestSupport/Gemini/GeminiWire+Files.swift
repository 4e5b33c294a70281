import FoundationEssentials
import SatchelCore
import Synchronization

/// `/v1beta/files`.
extension GeminiWire {
    func list(_ request: LoopbackRequest, _ caller: Caller) throws(GeminiFailure) -> LoopbackResponse {
        try check(request, query: ["pageSize", "pageToken"])
        var size = 10
        if let text = request.query("pageSize") {
            guard let number = Int(text), (0...100).contains(number) else {
                throw .invalid("* ListFilesRequest.page_size: must be from 0 to 100")
            }
            if number > 0 { size = number }
        }
        let created = state.withLock { $0.created }
        // Newest first here, although no order is promised.
        var end = created.count
        if let token = request.query("pageToken"), !token.isEmpty {
            guard let number = Self.place(of: token), (0...created.count).contains(number) else {
                throw .invalid("page_token is invalid")
            }
            if !caller.options.repeatsPages { end = number }
        }
        let limit = min(size, caller.options.maxPage)
        var page: [LoopbackStore.File] = []
        var place = end
        var hasMore = false
        while place > 0 {
            guard let file = store.file(created[place - 1], of: caller.project) else {
                place -= 1
                continue
            }
            if page.count == limit {
                hasMore = true
                break
            }
            page.append(file)
            place -= 1
        }
        var reply: [String: JSONValue] = [:]
        if !page.isEmpty { reply["files"] = .array(page.map { describe($0, at: caller.origin) }) }
        if hasMore { reply["nextPageToken"] = .string(Self.token(for: place)) }
        return .gemini(.object(reply))
    }

    /// With characters that must be escaped in a query.
    private static func token(for place: Int) -> String { Data("page+\(place)/".utf8).base64EncodedString() }

    private static func place(of token: String) -> Int? {
        guard let data = Data(base64Encoded: token) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard text.hasPrefix("page+"), text.hasSuffix("/") else { return nil }
        return Int(text.dropFirst(5).dropLast())
    }

    func retrieve(_ id: String, _ request: LoopbackRequest, _ caller: Caller) throws(GeminiFailure) -> LoopbackResponse
    {
        try check(request, query: [])
        let file = try find(id, caller)
        let response = LoopbackResponse.gemini(describe(file, at: caller.origin))
        state.withLock { state in
            if let left = state.extras[file.id]?.processingLeft, left > 0 {
                state.extras[file.id]?.processingLeft = left - 1
            }
        }
        return response
    }

    func delete(_ id: String, _ request: LoopbackRequest, _ caller: Caller) throws(GeminiFailure) -> LoopbackResponse {
        try check(request, query: [])
        let file = try find(id, caller)
        guard store.delete(file.id, of: caller.project) else {
            throw .noSuchFile(id, status: caller.options.missingStatus)
        }
        return .gemini([:])
    }

    /// Uploads cannot be had back, whoever asks.
    func download(_ id: String, _ request: LoopbackRequest, _ caller: Caller) throws(GeminiFailure) -> LoopbackResponse
    {
        _ = try find(id, caller)
        throw .invalid("Only generated files can be downloaded.")
    }

    func find(_ id: String, _ caller: Caller) throws(GeminiFailure) -> LoopbackStore.File {
        guard let file = store.file("files/" + id, of: caller.project) else {
            throw .noSuchFile(id, status: caller.options.missingStatus)
        }
        return file
    }

    /// Whether a chat may use it now.
    func isActive(_ file: LoopbackStore.File) -> Bool {
        state.withLock { state in
            let extra = state.extras[file.id]
            return extra?.processingLeft ?? 0 == 0 && extra?.isFailed != true
        }
    }

    func describe(_ file: LoopbackStore.File, at origin: String) -> JSONValue {
        let (extra, options) = (state.withLock { $0.extras[file.id] }, options)
        let hex = extra?.sha256Hex ?? file.sha256.hex
        let hashed = options.hashesRawBytes ? file.sha256.bytes : Array(hex.utf8)
        let created = Self.time(file.createdAt)
        var members: [String: JSONValue] = [
            "name": .string(file.id), "mimeType": .string(file.contentType ?? "application/octet-stream"),
            "sizeBytes": .string("\(file.size)"), "createTime": .string(created), "updateTime": .string(created),
            "sha256Hash": .string(Data(hashed).base64EncodedString()),
            "uri": .string("\(options.uriOrigin ?? origin)/v1beta/\(file.id)"),
            "source": "UPLOADED",
        ]
        if !file.name.isEmpty { members["displayName"] = .string(file.name) }
        if let end = file.expiresAt { members["expirationTime"] = .string(Self.time(end)) }
        if extra?.processingLeft ?? 0 > 0 {
            members["state"] = "PROCESSING"
        } else if extra?.isFailed == true {
            members["state"] = "FAILED"
            members["error"] = ["code": 13, "message": "An internal error has occurred while processing the file."]
        } else {
            members["state"] = "ACTIVE"
        }
        return .object(members)
    }

    /// `2026-11-21T10:00:00.415855131Z`: nine digits, as the service writes them.
    private static func time(_ seconds: Int64) -> String {
        let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return text.dropLast() + ".415855131Z"
    }
}
