import Synchronization

/// The wire format of the Gemini API over a store: who asks, what for, and the answer.
package final class GeminiWire: LoopbackWire {
    /// What the store does not know of a file.
    struct Extra: Sendable {
        /// How often it is still `PROCESSING` when asked for.
        var processingLeft: Int
        var isFailed: Bool
        var sha256Hex: String
    }

    struct State: Sendable {
        var sessions: [String: UploadSession] = [:]
        var sessionCount = 0
        var extras: [String: Extra] = [:]
        /// Names of all files there ever were, in the order of their creation: page tokens are places in it.
        var created: [String] = []
        /// Names that were ever asked for, with their projects.
        var claimed: [String: String] = [:]
    }

    let store: LoopbackStore
    package let directions: LoopbackDirections<GeminiOptions>
    let state = Mutex(State())

    package init(store: LoopbackStore, options: GeminiOptions) {
        self.store = store
        directions = LoopbackDirections(options)
    }

    package func answer(_ request: LoopbackRequest) -> LoopbackResponse {
        do throws(GeminiFailure) {
            return try route(request, options)
        } catch {
            return error.response
        }
    }

    private func route(_ request: LoopbackRequest, _ options: GeminiOptions) throws(GeminiFailure) -> LoopbackResponse {
        let path = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init).dropFirst()
        let nothingHere = GeminiFailure(404, nil, "The requested URL \(request.path) was not found on this server.")
        if let version = path.dropLast().last, options.versions.contains(version), request.method == "POST" {
            // The URL that a start gives is the proof of who asks: it needs no key.
            if path == ["resumable", "upload", version, "files"] { return try continueUpload(request, options) }
            if path == ["upload", version, "files"] {
                return try startUpload(request, project: try authenticate(request, options), version: version, options)
            }
        }
        guard let version = path.first, options.versions.contains(version), path.count >= 2 else { throw nothingHere }
        let project = try authenticate(request, options)
        let caller = Caller(project: project, version: version, origin: origin(of: request), options: options)
        let rest = Array(path.dropFirst())
        switch (request.method, rest.count) {
        case ("GET", 1) where rest[0] == "files": return try list(request, caller)
        case ("GET", 2) where rest[0] == "files" && rest[1].hasSuffix(":download"):
            return try download(String(rest[1].dropLast(":download".count)), request, caller)
        case ("GET", 2) where rest[0] == "files": return try retrieve(rest[1], request, caller)
        case ("DELETE", 2) where rest[0] == "files": return try delete(rest[1], request, caller)
        case ("GET", 1) where rest[0] == "models": return .gemini(["models": [model("gemini-2.5-flash")]])
        case ("GET", 2) where rest[0] == "models": return .gemini(model(rest[1]))
        case ("POST", 2) where rest[0] == "models":
            let halves = rest[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, !halves[0].isEmpty else { throw nothingHere }
            switch halves[1] {
            case "generateContent": return try generate(request, model: halves[0], streams: false, caller)
            case "streamGenerateContent": return try generate(request, model: halves[0], streams: true, caller)
            case "countTokens": return try countTokens(request, model: halves[0], caller)
            default: throw nothingHere
            }
        default: throw nothingHere
        }
    }

    /// Who asks, and how.
    struct Caller {
        var project: String
        var version: String
        /// `http://127.0.0.1:PORT`.
        var origin: String
        var options: GeminiOptions
    }

    func origin(of request: LoopbackRequest) -> String { "http://" + (request.headers["host"] ?? "127.0.0.1") }

    /// The project that the key belongs to.
    private func authenticate(_ request: LoopbackRequest, _ options: GeminiOptions) throws(GeminiFailure) -> String {
        if request.headers["authorization"] != nil {
            throw GeminiFailure(
                401,
                .unauthenticated,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other"
                    + " valid authentication credential."
            )
        }
        guard let key = request.headers["x-goog-api-key"] ?? request.query("key"), !key.isEmpty else { throw .noKey }
        guard let project = options.keys[key] else { throw .invalidKey }
        return project
    }

    /// The document of a JSON request.
    func document(_ request: LoopbackRequest, known: Set<String>) throws(GeminiFailure) -> ProtoFields {
        guard request.contentType == "application/json" else {
            throw .invalid("Invalid content type \(request.contentType ?? "none"): only application/json is taken.")
        }
        guard let value = request.json, value.object != nil else {
            throw .invalid("Invalid JSON payload received. Unexpected end of string. Expected a value.")
        }
        return try ProtoFields(value, at: "", known: known)
    }

    /// Refuses whatever else stands in the query.
    func check(_ request: LoopbackRequest, query known: Set<String>) throws(GeminiFailure) {
        for (index, item) in request.query.enumerated() {
            guard known.union(["key", "$alt", "alt", "prettyPrint"]).contains(item.name) else {
                throw .unknownName(item.name, at: "")
            }
            if request.query[..<index].contains(where: { $0.name == item.name }) {
                throw .badValue(.string(item.name), "given twice", at: item.name)
            }
        }
    }

    private func model(_ name: String) -> JSONValue {
        [
            "name": .string("models/" + name), "version": "001", "displayName": .string(name),
            "description": "Says what it was shown.", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65536,
            "supportedGenerationMethods": ["generateContent", "countTokens"], "temperature": 1, "topP": .number(0.95),
            "topK": 64,
        ]
    }
}
