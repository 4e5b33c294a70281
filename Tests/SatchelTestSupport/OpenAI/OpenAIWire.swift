/// OpenAI's wire format over a store: who asks, what for, and the answer with its headers.
package final class OpenAIWire: LoopbackWire {
    let store: LoopbackStore
    package let directions: LoopbackDirections<OpenAIOptions>

    package init(store: LoopbackStore, options: OpenAIOptions) {
        self.store = store
        directions = LoopbackDirections(options)
    }

    package func answer(_ request: LoopbackRequest) -> LoopbackResponse {
        let options = options
        var response: LoopbackResponse
        do throws(OpenAIFailure) {
            response = try route(request, options)
        } catch {
            response = error.response(isOGX: options.isOGX)
        }
        if !options.isOGX {
            response.headers.addIfMissing("x-request-id", "req_\(String(mixed(UInt64(request.number)), radix: 16))")
            response.headers.add("openai-processing-ms", "1")
            response.headers.add("openai-version", "2020-10-01")
            response.headers.addIfMissing("Date", httpDate(store.clock.seconds))
        }
        return response
    }

    private func route(_ request: LoopbackRequest, _ options: OpenAIOptions) throws(OpenAIFailure) -> LoopbackResponse {
        let path = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let nothingHere = OpenAIFailure(
            status: 404,
            message: options.isOGX ? "Not Found" : "Invalid URL (\(request.method) \(request.path))",
            isDetail: true
        )
        // "/v1/files/x/content" is ["", "v1", "files", "x", "content"].
        guard path.count >= 3, path[0] == "", path[1] == "v1" else { throw nothingHere }
        if path[2] == "files", !options.hasFiles { return .json(["detail": "Not Found"], status: 404) }
        if path[2] == "responses", !options.hasResponses { return .json(["detail": "Not Found"], status: 404) }
        let project = try authenticate(request, options)
        switch (request.method, path.count) {
        case ("POST", 3) where path[2] == "files": return try upload(request, project, options)
        case ("GET", 3) where path[2] == "files": return try list(request, project, options)
        case ("GET", 4) where path[2] == "files": return try retrieve(path[3], project, options)
        case ("DELETE", 4) where path[2] == "files": return try delete(path[3], project, options)
        case ("GET", 5) where path[2] == "files" && path[4] == "content": return try content(path[3], project, options)
        case ("POST", 3) where path[2] == "responses": return try respond(request, project, options)
        case ("POST", 4) where path[2] == "chat" && path[3] == "completions":
            return try complete(request, project, options)
        case ("POST", 4) where path[2] == "images" && ["generations", "edits"].contains(path[3]):
            return try draw(request, edits: path[3] == "edits", options)
        case ("GET", 3) where path[2] == "models":
            return .json([
                "object": "list", "data": [["id": "echo", "object": "model", "created": 0, "owned_by": "loopback"]],
            ])
        case (_, 3) where ["files", "responses", "models"].contains(path[2]),
            (_, 4) where path[2] == "files" && path[3] != "":
            throw OpenAIFailure(status: 405, message: "Method Not Allowed", isDetail: true)
        default: throw nothingHere
        }
    }

    /// The project that the key belongs to.
    private func authenticate(_ request: LoopbackRequest, _ options: OpenAIOptions) throws(OpenAIFailure) -> String {
        if options.keys.isEmpty { return "project-1" }
        guard let key = request.bearer, !key.isEmpty else {
            throw OpenAIFailure(status: 401, message: "You didn't provide an API key.")
        }
        guard let project = options.keys[key] else {
            // The real one repeats a part of the key, which is what makes messages worth hiding keys in.
            throw OpenAIFailure(
                status: 401,
                message: "Incorrect API key provided: \(key.prefix(8))****\(key.suffix(4)).",
                code: "invalid_api_key"
            )
        }
        return project
    }

    /// The body of a JSON request, with no members but these.
    func document(_ request: LoopbackRequest, known: Set<String>) throws(OpenAIFailure) -> [String: JSONValue] {
        guard request.contentType == "application/json" else {
            throw OpenAIFailure(status: 415, message: "Unsupported content type: '\(request.contentType ?? "")'.")
        }
        guard let members = request.json?.object else {
            throw OpenAIFailure(message: "We could not parse the JSON body of your request.")
        }
        if let stranger = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unknownParameter(stranger)
        }
        return members
    }
}
