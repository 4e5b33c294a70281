import SatchelTestSupport
import Testing

extension Asking where Wire == MistralWire {
    func chat(_ document: JSONValue) async throws -> RawClient.Reply {
        try await post("/v1/chat/completions", document)
    }

    func say(_ content: JSONValue, with members: [String: JSONValue] = [:]) async throws -> RawClient.Reply {
        let body: [String: JSONValue] = ["model": "m", "messages": [["role": "user", "content": content]]]
        return try await chat(.object(body.merging(members) { $1 }))
    }

    func upload(
        _ bytes: RawBytes = "%PDF-1.7 alpha",
        named name: String = "a.pdf",
        type: String? = "application/pdf",
        fields: [(String, String)] = [("purpose", "ocr")]
    ) async throws -> RawClient.Reply {
        try await post(form: FormPart.fields(fields) + [.file(bytes, named: name, type: type)])
    }

    func uploadedID(
        _ bytes: RawBytes = "%PDF-1.7 alpha",
        named name: String = "a.pdf",
        type: String = "application/pdf"
    ) async throws -> String {
        try #require(try await upload(bytes, named: name, type: type).json?["id"]?.string)
    }

    func url(of id: String, hours: Int = 24) async throws -> String {
        try #require(try await ask("GET /v1/files/\(id)/url?expiry=\(hours)").json?["url"]?.string)
    }
}
