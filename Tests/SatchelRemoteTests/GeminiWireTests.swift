import FoundationEssentials
import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// Our requests beside those of Google's own SDK, field by field.
///
/// The recordings are not part of the repository: `SATCHEL_WIRE` names the folder that has them.
@Suite(.enabled(if: getenv("SATCHEL_WIRE") != nil), .timeLimit(.minutes(2)))
struct GeminiWireTests {
    private struct Recorded {
        var method: String
        var target: String
        var headers: HeaderFields
        var body: [UInt8]

        /// From `google/NAME.http` below the folder.
        init(_ name: String) throws {
            let folder = try #require(getenv("SATCHEL_WIRE").map { String(cString: $0) })
            let bytes = Array(try #require(FileManager.default.contents(atPath: "\(folder)/google/\(name).http")))
            let end = try #require(
                bytes.indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) }
            )
            let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
            let words = lines[0].split(separator: " ").map(String.init)
            (method, target) = (words[0], words[1])
            headers = HeaderFields()
            for line in lines.dropFirst() {
                let halves = line.split(separator: ":", maxSplits: 1)
                headers.add(halves[0].lowercased(), String(halves[1].drop { $0 == " " }))
            }
            body = Array(bytes[(end + 4)...])
        }

        var json: JSONValue? { JSONValue(parsing: body).map(camelCased) }
    }

    /// Headers of the SDK that say who it is or what its HTTP library likes, and one that asks for a time-out.
    private static let ofTheSDKAlone: Set<String> = [
        "accept", "accept-encoding", "connection", "user-agent", "x-goog-api-client", "x-server-timeout", "host",
        "content-length",
    ]

    /// What our request has and the SDK's has not, and the other way round.
    private func difference(_ ours: LoopbackRequest, _ theirs: Recorded) -> (more: Set<String>, less: Set<String>) {
        func names(_ fields: HeaderFields) -> Set<String> {
            Set(fields.fields.map { $0.name.lowercased() }).subtracting(Self.ofTheSDKAlone)
        }
        let (mine, those) = (names(ours.headers), names(theirs.headers))
        return (mine.subtracting(those), those.subtracting(mine))
    }

    private func same(_ name: String, _ ours: LoopbackRequest, _ theirs: Recorded) -> Bool {
        ours.headers[name] == theirs.headers[name]
    }

    @Test func aStartIsTheSDKs() async throws {
        try await AtGemini.with { at in
            let bytes = Array("print(1)\n".utf8)
            _ = try await send(upload(bytes, named: "main.swift"), to: try at.files(version: "v1"))
            let ours = try #require(at.http.requests("POST /upload/v1/files").first)
            let theirs = try Recorded("03-files.upload_named")
            #expect(ours.method == theirs.method)
            #expect(ours.target == theirs.target)
            #expect(difference(ours, theirs) == ([], []))
            for name in [
                "content-type", "x-goog-upload-protocol", "x-goog-upload-command",
                "x-goog-upload-header-content-length",
                "x-goog-upload-header-content-type",
            ] {
                #expect(same(name, ours, theirs), "\(name)")
            }
            // Names are in lower camel case, which JSON of protocol buffers prefers; the SDK sends them with underscores.
            var file = try #require(ours.json?["file"]?.object)
            var recorded = try #require(theirs.json?["file"]?.object)
            // The size is a field that only the service fills; the header has it.
            #expect(recorded.removeValue(forKey: "sizeBytes") == 9)
            #expect(file.removeValue(forKey: "name")?.string?.hasPrefix("files/satchel-") == true)
            #expect(recorded.removeValue(forKey: "name") == "files/ws-abc123")
            #expect(file == recorded)
            // The SDK sends the file's name in a header when it has a path; ours is in the description, where all of
            // Unicode is safe.
            let withPath = try Recorded("01-files.upload")
            #expect(difference(ours, withPath) == ([], ["x-goog-upload-file-name"]))
        }
    }

    @Test func piecesAreTheSDKs() async throws {
        try await AtGemini.with { at in
            let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: (8 << 20) + 5)
            _ = try await send(upload(bytes), to: try at.files(version: "v1"))
            let ours = at.http.requests("POST /resumable/upload/v1/files")
            let theirs = try ["06-files.upload_2chunks", "07-files.upload_2chunks"].map { try Recorded($0) }
            #expect(ours.count == theirs.count)
            for (ours, theirs) in zip(ours, theirs) {
                #expect(same("x-goog-upload-command", ours, theirs))
                #expect(same("x-goog-upload-offset", ours, theirs))
                #expect(same("content-length", ours, theirs))
                // The SDK repeats the headers of the start and calls the bytes JSON; the protocol asks for neither.
                // Both leave the key out.
                #expect(
                    difference(ours, theirs)
                        == (
                            [],
                            [
                                "content-type", "x-goog-upload-protocol", "x-goog-upload-header-content-length",
                                "x-goog-upload-header-content-type",
                            ]
                        )
                )
            }
        }
    }

    @Test func listingAskingAndDeletingAreTheSDKs() async throws {
        try await AtGemini.with { at in
            let files = try at.files(version: "v1")
            let stored = try await send(upload([1]), to: files)
            at.http.forgetRequests()
            _ = try await files.list(after: nil)
            _ = try await files.retrieve(stored.id)
            try await files.delete(stored.id)
            let requests = at.http.requests
            let recorded = try ["08-files.list", "09-files.get", "12-files.delete"].map { try Recorded($0) }
            #expect(requests.map(\.method) == recorded.map(\.method))
            #expect(requests[0].target == "/v1/files?pageSize=100")
            #expect(recorded[0].target == "/v1/files?pageSize=2")
            for (ours, theirs) in zip(requests, recorded) {
                // There is no content that could have a type.
                #expect(difference(ours, theirs) == ([], ["content-type"]))
                let parent = theirs.target.prefix { $0 != "?" }.split(separator: "/").prefix(2)
                #expect(ours.path.split(separator: "/").prefix(2) == parent)
            }
        }
    }

    @Test func aQuestionIsTheSDKs() async throws {
        try await AtGemini.with { at in
            let stored = try await send(upload(Array("x".utf8)), to: try at.files(version: "v1"))
            let part = ChatRequest.Part.file(stored.id, path: "src/a.txt", media: .text)
            var request = asking("What is the secret code word?", [part])
            request.model = "gemini-2.5-flash"
            request.maxOutputTokens = 40
            _ = try await Heard(at.model(version: "v1").stream(request))
            let ours = try #require(at.http.requests.last)
            let theirs = try Recorded("11-models.generate_content_stream")
            #expect(ours.method == theirs.method)
            #expect(ours.target == theirs.target)
            #expect(difference(ours, theirs) == ([], []))
            #expect(same("content-type", ours, theirs))
            var parts = try #require(ours.json?["contents"]?[0]?["parts"]?.array)
            let recorded = try #require(theirs.json?["contents"]?[0]?["parts"]?.array)
            // The model sees no name of a file, so ours goes before it in words.
            #expect(parts.removeFirst() == ["text": "File: src/a.txt"])
            #expect(parts.map { $0.object?.keys.sorted() } == recorded.map { $0.object?.keys.sorted() })
            #expect(parts[0]["fileData"]?.object?.keys.sorted() == recorded[0]["fileData"]?.object?.keys.sorted())
            #expect(parts[0]["fileData"]?["mimeType"] == recorded[0]["fileData"]?["mimeType"])
            let uri = parts[0]["fileData"]?["fileUri"]?.string ?? ""
            #expect(uri.hasPrefix(at.server.baseURL + "/v1/files/"))
            #expect(parts[1] == recorded[1])
            #expect(ours.json?["contents"]?[0]?["role"] == theirs.json?["contents"]?[0]?["role"])
            // The temperature is left to the model.
            var config = theirs.json?["generationConfig"]?.object
            #expect(config?.removeValue(forKey: "temperature") == 0)
            #expect(ours.json?["generationConfig"]?.object == config)
            #expect(ours.json?.object?.keys.sorted() == theirs.json?.object?.keys.sorted())
        }
    }
}

/// Names with underscores as protocol buffers spell them in JSON: `file_uri` is `fileUri`.
private func camelCased(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
        var result: [String: JSONValue] = [:]
        for (name, member) in members {
            let words = name.split(separator: "_")
            let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
            result[([String(words[0])] + rest).joined()] = camelCased(member)
        }
        return .object(result)
    case .array(let elements): return .array(elements.map(camelCased))
    default: return value
    }
}
