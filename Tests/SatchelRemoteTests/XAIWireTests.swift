import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Our requests beside those that OpenAI's SDK (3.52, Python) sends to xAI, and where they differ, why.
@Suite(.enabled(if: Recordings.exist), .timeLimit(.minutes(2)))
struct XAIWireTests {
    /// The key that the recordings were made with.
    private let key = "sk-test-0000"
    private let id = RemoteFileID("file-ddde12cf34e846789e56af")

    private func withXAI(_ body: (XAIFiles, Endpoint, LoopbackXAI) async throws -> Void) async throws {
        var options = XAIOptions()
        options.keys = [key: "team-1"]
        try await LoopbackXAI.with(options) { server in
            let endpoint = try Endpoint(baseURL: server.baseURL, key: Secret(key))
            try await body(XAIFiles(endpoint, client: HTTPClient(), hashing: IndependentHashing()), endpoint, server)
            #expect(server.server.flaws.isEmpty)
        }
    }

    private func expectSame(_ ours: LoopbackRequest, _ theirs: LoopbackRequest) {
        #expect(ours.method == theirs.method && ours.path == theirs.path)
        #expect(ours.headers["authorization"] == theirs.headers["authorization"])
        #expect(ours.contentType == theirs.contentType || ours.body.isEmpty)
    }

    @Test(arguments: [("01-files.upload", nil), ("02-files.upload_ttl", 86400)])
    func anUploadHasTheSameFields(recording: String, seconds: Int64?) async throws {
        try await withXAI { files, _, server in
            let (theirs, reply) = try await server.server.replay("xai/\(recording).http")
            #expect(reply.status == 200)
            let form = try theirs.form()
            let bytes = try #require(form["file"]?.bytes)
            let stored = try await send(upload(bytes, expiresAfter: seconds), to: files)
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            let own = try ours.form()
            #expect(own.parts.last?.name == "file" && form.parts.last?.name == "file")
            #expect(own["purpose"]?.bytes == form["purpose"]?.bytes && own["file"]?.bytes == bytes)
            #expect(own["file"]?.contentType == form["file"]?.contentType)
            #expect(own["file"]?.filename == stored.name)
            // The recording has the plain number; we send OpenAI's form of it, which is read the same.
            #expect(own["expires_after[seconds]"]?.text == form["expires_after"]?.text)
            let life = server.files.map { file in file.expiresAt.map { $0 - file.createdAt } }
            #expect(life == [seconds, seconds])
        }
    }

    @Test func aListingNamesItsSorting() async throws {
        try await withXAI { files, _, server in
            let (theirs, reply) = try await server.server.replay("xai/03-files.list.http")
            #expect(reply.status == 200)
            _ = try await files.list(after: nil)
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            // OpenAI's SDK says only how many. Without a sorting xAI promises no order, and pages may overlap.
            #expect(theirs.query.map(\.name) == ["limit"])
            #expect(ours.query.map(\.name) == ["limit", "order", "sort_by"])
        }
    }

    @Test func oneFileIsAskedForFetchedAndDeletedTheSameWay() async throws {
        try await withXAI { files, _, server in
            let id = try #require(id)
            let asked = try await server.server.replay("xai/04-files.retrieve.http").request
            #expect(try await files.retrieve(id) == nil)
            expectSame(try #require(server.server.requests.last), asked)
            let fetched = try await server.server.replay("xai/05-files.content.http").request
            await #expect(throws: ProviderError.self) { try await files.download(id, upTo: .mebibytes(1)) }
            expectSame(try #require(server.server.requests.last), fetched)
            let deleted = try await server.server.replay("xai/07-files.delete.http").request
            try await files.delete(id)
            expectSame(try #require(server.server.requests.last), deleted)
        }
    }

    @Test func aQuestionAboutAFileIsAskedTheSameWay() async throws {
        try await withXAI { _, endpoint, server in
            let theirs = try await server.server.replay("xai/06-responses.create.http").request
            let body = try #require(theirs.json)
            var request = asking("hi", [.file(try #require(id), path: "sample.txt", media: .text)])
            request.model = "grok-4-fast"
            _ = try await Heard(ResponsesModel.xAI(endpoint, client: HTTPClient()).stream(request))
            let ours = try #require(server.server.requests.last)
            expectSame(ours, theirs)
            let members = try #require(ours.json?.object)
            #expect(Set(body.object?.keys.map(\.self) ?? []) == ["model", "input"])
            // We stream, leave nothing at the provider, ask for what it would have kept for us, and limit the searches.
            #expect(Set(members.keys) == ["model", "input", "stream", "store", "include", "max_turns"])
            #expect(members["model"] == body["model"])
            let content = try #require(members["input"]?[0]?["content"]?.array)
            let recorded = try #require(body["input"]?[0]?["content"]?.array)
            #expect(content.count == 3 && content[0] == recorded[0] && content[2] == recorded[1])
        }
    }
}
