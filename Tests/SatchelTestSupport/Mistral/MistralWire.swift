import Synchronization

/// Mistral's wire format over a store: who asks, what for, and the answer with its headers.
package final class MistralWire: LoopbackWire {
    /// What a signed URL stands for, for anybody who has it.
    struct Signed: Sendable {
        var url: String
        var file: String
        var workspace: String
        /// Seconds since 1970.
        var until: Int64
    }

    private struct State: Sendable {
        var signed: [Signed] = []
        /// `user` or `workspace`, by the file's id.
        var visibility: [String: String] = [:]
        /// Files that were deleted here, for ``MistralOptions/keepsDeleted``.
        var deleted: [LoopbackStore.File] = []
    }

    let store: LoopbackStore
    package let directions: LoopbackDirections<MistralOptions>
    private let state = Mutex(State())

    package init(store: LoopbackStore, options: MistralOptions) {
        self.store = store
        directions = LoopbackDirections(options)
    }

    // MARK: Signed URLs and what else the store does not know

    var signedURLs: [String] { state.withLock { $0.signed.map(\.url) } }

    /// Remembers the URL that `make` gives for its number, from 1.
    func sign(_ make: (Int) -> Signed) -> String {
        state.withLock { state in
            let signed = make(state.signed.count + 1)
            state.signed.append(signed)
            return signed.url
        }
    }

    func signed(_ url: String) -> Signed? { state.withLock { state in state.signed.first { $0.url == url } } }

    func visibility(of id: String) -> String { state.withLock { $0.visibility[id] ?? "workspace" } }

    func setVisibility(_ word: String, of id: String) { state.withLock { $0.visibility[id] = word } }

    func noteDeleted(_ file: LoopbackStore.File) { state.withLock { $0.deleted.append(file) } }

    func deletedFiles(of workspace: String) -> [LoopbackStore.File] {
        state.withLock { state in state.deleted.filter { $0.project == workspace } }
    }

    // MARK: Requests

    package func answer(_ request: LoopbackRequest) -> LoopbackResponse {
        var response: LoopbackResponse
        do throws(MistralFailure) {
            response = try route(request, options)
        } catch {
            response = error.response
        }
        let number = String(mixed(UInt64(request.number)), radix: 16)
        response.headers.addIfMissing("mistral-correlation-id", number)
        response.headers.addIfMissing("x-kong-request-id", number)
        return response
    }

    private func route(
        _ request: LoopbackRequest,
        _ options: MistralOptions
    ) throws(MistralFailure) -> LoopbackResponse {
        let path = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // "/v1/files/x/content" is ["", "v1", "files", "x", "content"].
        guard path.count >= 3, path[0] == "", path[1] == "v1" else { throw .notFound }
        guard let key = request.bearer, let workspace = options.keys[key] else { throw .unauthorised }
        switch (request.method, path.count) {
        case ("POST", 3) where path[2] == "files": return try upload(request, workspace, options)
        case ("GET", 3) where path[2] == "files": return try list(request, workspace, options)
        case ("GET", 4) where path[2] == "files": return try retrieve(path[3], workspace, options)
        case ("DELETE", 4) where path[2] == "files": return try delete(path[3], workspace)
        case ("GET", 5) where path[2] == "files" && path[4] == "content": return try content(path[3], workspace)
        case ("GET", 5) where path[2] == "files" && path[4] == "url": return try sign(request, path[3], workspace)
        case ("POST", 4) where path[2] == "chat" && path[3] == "completions":
            return try complete(request, workspace, options)
        case ("GET", 3) where path[2] == "models": return .json(["object": "list", "data": [model]])
        case (_, 3) where ["files", "models"].contains(path[2]), (_, 4) where path[2] == "files" || path[2] == "chat":
            throw .detail(405, "Method Not Allowed")
        default: throw .notFound
        }
    }

    private var model: JSONValue {
        [
            "id": "echo", "object": "model", "created": 0, "owned_by": "mistralai", "type": "base", "name": "echo",
            "description": "Says what it was shown.", "max_context_length": 262_144, "aliases": [], "deprecation": nil,
            "default_model_temperature": nil,
            "capabilities": [
                "completion_chat": true, "completion_fim": false, "function_calling": false, "fine_tuning": false,
                "vision": true,
            ],
        ]
    }
}
