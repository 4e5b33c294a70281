/// xAI's wire format over a store: who asks, what for, and the answer with its headers.
package final class XAIWire: LoopbackWire {
    let store: LoopbackStore
    package let directions: LoopbackDirections<XAIOptions>

    package init(store: LoopbackStore, options: XAIOptions) {
        self.store = store
        directions = LoopbackDirections(options)
    }

    package func answer(_ request: LoopbackRequest) -> LoopbackResponse {
        let options = options
        var response: LoopbackResponse
        do throws(XAIFailure) {
            response = try route(request, options)
        } catch {
            response = error.response(options.errorShape)
        }
        response.headers.addIfMissing("x-request-id", uuid(UInt64(request.number)))
        return response
    }

    private func route(_ request: LoopbackRequest, _ options: XAIOptions) throws(XAIFailure) -> LoopbackResponse {
        let path = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // "/v1/files/x/content" is ["", "v1", "files", "x", "content"].
        let nothingHere = XAIFailure(status: 404, message: "The requested resource was not found.")
        guard path.count >= 3, path[0] == "", path[1] == "v1" else { throw nothingHere }
        let team = try authenticate(request, options)
        switch (request.method, path.count) {
        case ("POST", 3) where path[2] == "files": return try upload(request, team, options)
        case ("GET", 3) where path[2] == "files": return try list(request, team, options)
        case ("GET", 4) where path[2] == "files": return try retrieve(path[3], team)
        case ("DELETE", 4) where path[2] == "files": return try delete(path[3], team)
        case ("GET", 5) where path[2] == "files" && path[4] == "content": return try content(request, path[3], team)
        case ("POST", 3) where path[2] == "responses": return try respond(request, team, options)
        case ("POST", 4) where path[2] == "images" && ["generations", "edits"].contains(path[3]):
            return try draw(request, edits: path[3] == "edits")
        case ("GET", 3) where path[2] == "models":
            return .json([
                "object": "list", "data": [["id": "echo", "object": "model", "created": 0, "owned_by": "xai"]],
            ])
        case (_, 3) where ["files", "responses", "models"].contains(path[2]),
            (_, 4) where path[2] == "files" && path[3] != "":
            throw XAIFailure(status: 405, message: "Method not allowed.")
        default: throw nothingHere
        }
    }

    /// The team that the key belongs to: no key is 401, but a wrong one 400.
    private func authenticate(_ request: LoopbackRequest, _ options: XAIOptions) throws(XAIFailure) -> String {
        guard let key = request.bearer, !key.isEmpty else {
            throw XAIFailure(
                status: 401,
                message: "No Authorization header or an invalid one: expected a bearer token."
            )
        }
        guard let team = options.keys[key] else {
            // The real one repeats a part of the key, which is what makes messages worth hiding keys in.
            throw XAIFailure(
                message: "Incorrect API key provided: \(key.prefix(2))***\(key.suffix(2)). "
                    + "You can obtain an API key from https://console.x.ai."
            )
        }
        return team
    }

    /// The body of a JSON request, with no members but these.
    func document(_ request: LoopbackRequest, known: Set<String>) throws(XAIFailure) -> [String: JSONValue] {
        guard request.contentType == "application/json", !request.body.isEmpty else {
            throw XAIFailure(status: 415, message: "Expected request with `Content-Type: application/json`")
        }
        guard let members = request.json?.object else {
            throw XAIFailure(message: "Failed to parse the request body as JSON")
        }
        try check(members, at: "body", allowed: known)
        return members
    }

    func check(_ members: [String: JSONValue], at place: String, allowed: Set<String>) throws(XAIFailure) {
        guard let stranger = members.keys.sorted().first(where: { !allowed.contains($0) }) else { return }
        throw .field("\(place).\(stranger)", "unknown field")
    }
}
