import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Our requests beside those of OpenAI's SDK (3.52, Python), and where they differ, why.
@Suite(.enabled(if: Recordings.exist), .timeLimit(.minutes(2)))
struct OpenAIWireTests {
    /// The key that the recordings were made with.
    private let key = "sk-test-0000"
    private let id = RemoteFileID("file-7986b0bc2bfc49cdac389c")

    private func withOpenAI(_ body: (OpenAIFiles, Endpoint, LoopbackOpenAI) async throws -> Void) async throws {
        var options = OpenAIOptions()
        options.keys = [key: "project-1"]
        options.allowsDownload = true
        try await LoopbackOpenAI.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(key))
            let files = OpenAIFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing())
            try await body(files, endpoint, server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    /// The SDK's request and ours are of the same kind, to the same place, with the same right.
    ///
    /// The SDK also says which program it is (`x-stainless-*`); we keep that to ourselves.
    private func expectSame(_ ours: LoopbackRequest, _ theirs: LoopbackRequest) {
        #expect(ours.method == theirs.method && ours.path == theirs.path)
        #expect(ours.headers["authorization"] == theirs.headers["authorization"])
        #expect(ours.contentType == theirs.contentType || ours.body.isEmpty)
        let allowed: Set<String> = [
            "host", "user-agent", "accept", "accept-encoding", "authorization", "content-type", "content-length",
        ]
        #expect(allowed.isSuperset(of: ours.headers.fields.map { $0.name.lowercased() }))
    }

    @Test(arguments: [("01-files.upload", nil), ("02-files.upload_ttl", 3600)])
    func anUploadHasTheSameFields(recording: String, seconds: Int64?) async throws {
        try await withOpenAI { files, _, server in
            let (theirs, reply) = try await server.server.replay("openai/\(recording).http")
            #expect(reply.status == 200)
            let form = try theirs.form()
            let bytes = try #require(form["file"]?.bytes)
            let stored = try await send(upload(bytes, named: "main.0011.swift.txt", expiresAfter: seconds), to: files)
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            #expect(ours.headers["accept"] == theirs.headers["accept"])
            let own = try ours.form()
            // Our expiry comes first: xAI takes no field behind the file, and no order is better here.
            #expect(Set(own.parts.map(\.name)) == Set(form.parts.map(\.name)))
            #expect(own.parts.last?.name == "file" && form.parts.last?.name == "file")
            for part in form.parts { #expect(own[part.name]?.bytes == part.bytes) }
            // The SDK guesses the type by the name and sends `src/main.swift` as it is. Our type is by the bytes, and
            // our name has the digest in it and an extension that a chat accepts.
            #expect(own["file"]?.contentType == "text/plain")
            #expect(own["file"]?.filename == stored.name)
        }
    }

    @Test func aListingAsksInTheSameWords() async throws {
        try await withOpenAI { files, _, server in
            let (theirs, reply) = try await server.server.replay("openai/03-files.list.http")
            #expect(reply.status == 200)
            _ = try await files.list(after: nil)
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            // Oldest first, so that what is uploaded meanwhile is still to come; of every purpose, because the account
            // is looked at as a whole.
            #expect(ours.query.map(\.name) == ["limit", "order"])
            #expect(theirs.query.map(\.name) == ["limit", "order", "purpose"])
            #expect(ours.query("order") == "asc" && ours.query("limit") == "1000")
        }
    }

    @Test func oneFileIsAskedForFetchedAndDeletedTheSameWay() async throws {
        try await withOpenAI { files, _, server in
            let id = try #require(id)
            let asked = try await server.server.replay("openai/04-files.retrieve.http").request
            #expect(try await files.retrieve(id) == nil)
            expectSame(try #require(server.server.requests.last), asked)
            let fetched = try await server.server.replay("openai/05-files.content.http").request
            await #expect(throws: ProviderError.self) { try await files.download(id, upTo: .mebibytes(1)) }
            let fetch = try #require(server.server.requests.last)
            expectSame(fetch, fetched)
            #expect(fetch.headers["accept"] == fetched.headers["accept"])
            // The SDK declares a type for the body that this request does not have.
            let deleted = try await server.server.replay("openai/18-files.delete.http").request
            try await files.delete(id)
            let delete = try #require(server.server.requests.last)
            expectSame(delete, deleted)
            #expect(delete.contentType == nil && deleted.contentType == "application/json")
        }
    }

    @Test(arguments: ["06-responses.create", "07-responses.stream", "08-responses.stream_plain"])
    func aQuestionAboutAFileIsAskedTheSameWay(recording: String) async throws {
        try await withOpenAI { _, endpoint, server in
            let theirs = try await server.server.replay("openai/\(recording).http").request
            let body = try #require(theirs.json)
            var request = asking(
                "What is the secret code word?",
                [.file(try #require(id), path: "sample.txt", media: .text)]
            )
            (request.model, request.maxOutputTokens) = ("gpt-5-mini", body["max_output_tokens"]?.int.map { Int($0) })
            _ = try await Heard(ResponsesModel(endpoint, client: HTTPClient()).stream(request))
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            var members = try #require(ours.json?.object)
            // We always stream, and leave nothing at the provider; the temperature is the model's own affair.
            #expect(members.removeValue(forKey: "store") == false)
            #expect(members["stream"] == true)
            let expected = (body.object ?? [:]).keys.filter { $0 != "temperature" && $0 != "stream" }
            #expect(Set(members.keys) == Set(expected).union(["stream"]))
            for name in ["model", "max_output_tokens"] { #expect(members[name] == body[name]) }
            let content = try #require(members["input"]?[0]?["content"]?.array)
            let recorded = try #require(body["input"]?[0]?["content"]?.array)
            #expect(members["input"]?[0]?["role"] == body["input"]?[0]?["role"])
            // Between file and question we say what the file is called in the workspace.
            #expect(content.count == 3 && content[0] == recorded[0] && content[2] == recorded[1])
            #expect(content[1]["text"]?.string?.contains("sample.txt") == true)
        }
    }

    @Test func aQuestionInChatCompletionsIsAskedTheSameWay() async throws {
        try await withOpenAI { _, endpoint, server in
            let theirs = try await server.server.replay("openai/10-chat.stream.http").request
            var request = asking("What is the secret code word?")
            (request.model, request.maxOutputTokens) = ("gpt-5-mini", 30)
            _ = try await Heard(ChatCompletionsModel(endpoint, client: HTTPClient()).stream(request))
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            let (own, body) = (try #require(ours.json?.object), try #require(theirs.json?.object))
            #expect(Set(own.keys).union(["temperature"]) == Set(body.keys))
            for name in ["model", "stream", "stream_options", "max_tokens"] { #expect(own[name] == body[name]) }
            // No file by id here: many servers of this format take one and never look at it. Words alone are a string.
            #expect(own["messages"]?[0]?["content"] == "What is the secret code word?")
        }
    }

    /// Of each request that the SDK sent again, the first try and the status that it met: `list-409`.
    @Test func whatTheSDKSendsAgainIsSentAgain() async throws {
        let log = String(decoding: try Recordings.bytes(of: "retry-openai/log.txt"), as: UTF8.self)
        let labels = Set(log.split(separator: "\n").map { String($0.split(separator: " ")[2]) })
        #expect(labels.count == 10)
        let noWait = RetryingProvider.Surroundings(sleep: { _ in }, jitter: { 0 })
        for label in labels.sorted() {
            let status = try #require(label.split(separator: "-").last.flatMap { Int($0) })
            try await withOpenAI { files, _, server in
                let provider = RetryingProvider(files, surroundings: noWait)
                server.server.inject(.openAI(status, "try again"))
                if label.hasPrefix("list") {
                    _ = try await provider.list(after: nil)
                    #expect(server.server.requests.map(\.method) == ["GET", "GET"], "\(label)")
                } else {
                    _ = try await send(upload([1]), to: provider)
                    // The SDK may leave a file twice. We look first, unless it is certain that nothing was done.
                    let methods = status == 429 ? ["POST", "POST"] : ["POST", "GET", "POST"]
                    #expect(server.server.requests.map(\.method) == methods, "\(label)")
                }
            }
        }
    }
}
