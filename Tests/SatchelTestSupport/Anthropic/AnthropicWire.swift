import Glibc
import Synchronization

/// Anthropic's wire format over a store: who asks, what for, and the answer with its headers.
package final class AnthropicWire: LoopbackWire {
    private struct State: Sendable {
        /// Uploads in their order, so that a cursor outlives the file it points at.
        var places: [String: Int] = [:]
        var cache = PromptCache()
    }

    /// Who asks, and by which rules.
    struct Asker {
        var workspace: String
        /// The rules of `anthropic-version: 2026-10-21`; otherwise those of 2023-06-01.
        var isCurrent: Bool
        var options: AnthropicOptions
    }

    let store: LoopbackStore
    package let directions: LoopbackDirections<AnthropicOptions>
    private let state = Mutex(State())

    package init(store: LoopbackStore, options: AnthropicOptions) {
        self.store = store
        directions = LoopbackDirections(options)
    }

    func notePlace(of id: String) { state.withLock { $0.places[id] = $0.places.count } }

    /// The place of an upload among all there ever were; nil for an id that never was.
    func place(of id: String) -> Int? { state.withLock { $0.places[id] } }

    /// What the prompt cache makes of a prompt, which it keeps.
    func bill(_ prompt: ShownPrompt, workspace: String, minimum: Int) -> PromptCache.Bill {
        let now = store.clock.seconds
        return state.withLock { state in
            state.cache.bill(prompt, workspace: workspace, minimum: minimum, at: now)
        }
    }

    package func answer(_ request: LoopbackRequest) -> LoopbackResponse {
        let options = options
        let requestID = "req_011C" + String(mixed(UInt64(request.number)), radix: 36)
        var response: LoopbackResponse
        do throws(AnthropicFailure) {
            response = try route(request, options, requestID)
        } catch {
            // Bodies that are too large are refused before anything has given the request a number.
            guard error.status != 413 else { return error.response(requestID: nil) }
            response = error.response(requestID: requestID)
        }
        response.headers.addIfMissing("request-id", requestID)
        // The clock that all its times are in, so that nobody needs one that goes the same.
        response.headers.add("Date", httpDate(store.clock.seconds))
        response.headers.add("anthropic-organization-id", "00000000-0000-4000-8000-000000000001")
        return response
    }

    private func route(
        _ request: LoopbackRequest,
        _ options: AnthropicOptions,
        _ requestID: String
    ) throws(AnthropicFailure) -> LoopbackResponse {
        let path = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let nothingHere = AnthropicFailure(status: 404, type: "not_found_error", message: "Not Found")
        // "/v1/files/x/content" is ["", "v1", "files", "x", "content"].
        guard path.count >= 3, path[0] == "", path[1] == "v1" else { throw nothingHere }
        let asker = try asker(request, options)
        if path[2] == "files", betas(request).contains("files-api-2025-04-14") {
            // With it come the shapes of the beta, which nobody should want back.
            throw .invalid("anthropic-beta", "files-api-2025-04-14 is not served here; the Files API needs no header")
        }
        switch (request.method, path.count) {
        case ("POST", 3) where path[2] == "files": return try upload(request, asker)
        case ("GET", 3) where path[2] == "files": return try list(request, asker)
        case ("GET", 4) where path[2] == "files" && path[3] != "": return try retrieve(path[3], asker)
        case ("DELETE", 4) where path[2] == "files" && path[3] != "": return try delete(path[3], asker)
        case ("GET", 5) where path[2] == "files" && path[4] == "content": return try content(path[3], asker)
        case ("POST", 3) where path[2] == "messages": return try message(request, asker, requestID: requestID)
        case ("POST", 4) where path[2] == "messages" && path[3] == "count_tokens": return try count(request, asker)
        case ("GET", 3) where path[2] == "models": return .json(Self.models)
        case (_, 3) where ["files", "messages", "models"].contains(path[2]),
            (_, 4) where path[2] == "files" && path[3] != "":
            throw AnthropicFailure(status: 405, message: "Method Not Allowed")
        default: throw nothingHere
        }
    }

    /// The workspace that the key belongs to, and the version whose rules are wanted.
    private func asker(_ request: LoopbackRequest, _ options: AnthropicOptions) throws(AnthropicFailure) -> Asker {
        let key = request.headers["x-api-key"]
        let hasBearer = request.headers["authorization"] != nil
        guard key == nil || !hasBearer else {
            throw .unauthorised("x-api-key and authorization were both given; send one of them")
        }
        guard key != nil || hasBearer else { throw .unauthorised("x-api-key header is required") }
        guard let workspace = options.keys[key ?? request.bearer ?? ""] else {
            throw .unauthorised(key == nil ? "Invalid bearer token" : "invalid x-api-key")
        }
        guard let version = request.headers["anthropic-version"] else {
            throw .invalid("anthropic-version", "header is required")
        }
        guard ["2026-10-21", "2023-06-01"].contains(version) else {
            throw .invalid("anthropic-version", "\"\(version)\" is not a valid version")
        }
        if let wanted = request.headers["anthropic-workspace-id"], wanted != workspace {
            throw AnthropicFailure(
                status: 403,
                type: "permission_error",
                message: "anthropic-workspace-id: the credential belongs to another workspace"
            )
        }
        return Asker(workspace: workspace, isCurrent: version == "2026-10-21", options: options)
    }

    private func betas(_ request: LoopbackRequest) -> [String] {
        request.headers.all("anthropic-beta").flatMap { $0.split(separator: ",") }.map { $0.trimming(" ") }
    }

    private static let models: JSONValue = [
        "data": [
            [
                "type": "model", "id": "claude-echo", "display_name": "Echo", "created_at": "2026-01-01T00:00:00Z",
                "lifecycle": "active", "deprecated_at": nil, "retires_at": nil, "line": nil, "capabilities": nil,
                "max_input_tokens": 1_000_000, "max_tokens": 128_000,
            ]
        ],
        "has_more": false, "first_id": "claude-echo", "last_id": "claude-echo", "next_page": nil,
    ]

    /// The body of a JSON request, with no members but these.
    func document(
        _ request: LoopbackRequest,
        _ options: AnthropicOptions,
        known: Set<String>
    ) throws(AnthropicFailure) -> [String: JSONValue] {
        guard request.body.count <= options.maxRequestSize else { throw .tooLarge("Request exceeds the maximum size") }
        guard request.contentType == "application/json" else {
            throw AnthropicFailure(message: "content-type: expected application/json")
        }
        guard let members = request.json?.object else {
            throw AnthropicFailure(message: "The request body is not valid JSON")
        }
        if let stranger = members.keys.sorted().first(where: { !known.contains($0) }) { throw .extra(stranger) }
        return members
    }
}

/// `Sat, 21 Nov 2026 02:00:57 GMT`.
func httpDate(_ seconds: Int64) -> String {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
