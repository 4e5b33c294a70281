import SatchelCore
@testable import SatchelRemote
import Testing

struct RefusalTests {
    private let key = "sk-proj-abcdefghijklmnop1234"

    private func refusals() throws -> Refusals {
        Refusals(endpoint: try Endpoint(baseURL: "https://api.example.com/v1", key: Secret(key)))
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var status: Int
        var headers: [HTTPHeader] = []
        var body = ""
        var kind: ProviderError.Kind
        var message: String

        var testDescription: String { "\(status) \(body.prefix(60))" }
    }

    static let cases: [Case] = [
        Case(
            status: 401,
            body:
                #"{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","code":"invalid_api_key"}}"#,
            kind: .unauthorised,
            message: "401 from api.example.com: Incorrect API key provided; check the API key of this account"
        ),
        Case(
            status: 403,
            body: #"{"detail":"Forbidden"}"#,
            kind: .forbidden,
            message: "403 from api.example.com: Forbidden"
        ),
        Case(
            status: 404,
            body: #"{"error":{"message":"File 'file-0' not found."}}"#,
            kind: .gone,
            message: "404 from api.example.com: File 'file-0' not found"
        ),
        Case(
            status: 405,
            body: #"{"detail":"Method Not Allowed"}"#,
            kind: .unsupported,
            message: "405 from api.example.com: Method Not Allowed"
        ),
        Case(status: 408, kind: .temporary(retryAfter: nil), message: "408 from api.example.com"),
        Case(status: 409, kind: .temporary(retryAfter: nil), message: "409 from api.example.com"),
        Case(
            status: 413,
            body: "<html>\n<head><title>413 Request Entity Too Large</title></head><body>x</body></html>",
            kind: .tooLarge,
            message: "413 from api.example.com: 413 Request Entity Too Large"
        ),
        Case(
            status: 422,
            body: #"{"detail":[{"loc":["body","file"],"msg":"Field required","type":"missing"},{"msg":"and more"}]}"#,
            kind: .rejected,
            message: "422 from api.example.com: body.file: Field required; and more"
        ),
        Case(
            status: 429,
            headers: [HTTPHeader("Retry-After", "7")],
            body: #"{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}"#,
            kind: .rateLimited(retryAfter: 7),
            message: "429 from api.example.com: Rate limit reached"
        ),
        Case(
            status: 429,
            headers: [HTTPHeader("retry-after-ms", "250"), HTTPHeader("Retry-After", "7")],
            kind: .rateLimited(retryAfter: 0.25),
            message: "429 from api.example.com"
        ),
        Case(
            status: 429,
            headers: [HTTPHeader("Retry-After", "7")],
            body: #"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota"}}"#,
            kind: .quota,
            message: "429 from api.example.com: You exceeded your current quota"
        ),
        Case(
            status: 400,
            body:
                #"{"error":{"message":"You have exceeded your file storage quota. Organizations are limited to 100 GB."}}"#,
            kind: .quota,
            message:
                "400 from api.example.com: You have exceeded your file storage quota. Organizations are limited to 100 GB"
        ),
        Case(
            status: 400,
            body: #"{"error":{"message":"Not allowed to download files of purpose: user_data"}}"#,
            kind: .unsupported,
            message: "400 from api.example.com: Not allowed to download files of purpose: user_data"
        ),
        Case(
            status: 400,
            body: #"{"code":"invalid-argument","error":"expires_after outside the range"}"#,
            kind: .rejected,
            message: "400 from api.example.com: expires_after outside the range"
        ),
        Case(
            status: 500,
            body: "Internal Server Error",
            kind: .temporary(retryAfter: nil),
            message: "500 from api.example.com: Internal Server Error"
        ),
        Case(
            status: 503,
            headers: [
                HTTPHeader("Retry-After", "Sat, 21 Nov 2026 02:01:27 GMT"),
                HTTPHeader("Date", "Sat, 21 Nov 2026 02:00:57 GMT"),
            ],
            kind: .temporary(retryAfter: 30),
            message: "503 from api.example.com"
        ),
        Case(
            status: 503,
            headers: [HTTPHeader("x-should-retry", "false")],
            kind: .temporary(retryAfter: nil),
            message: "503 from api.example.com"
        ),
        Case(
            status: 400,
            headers: [HTTPHeader("X-Should-Retry", "true"), HTTPHeader("Retry-After", "2")],
            kind: .temporary(retryAfter: 2),
            message: "400 from api.example.com"
        ),
        Case(status: 501, kind: .unsupported, message: "501 from api.example.com"),
        Case(
            status: 302,
            kind: .badReply,
            message: "302 from api.example.com: redirects are not followed; check the base URL"
        ),
        Case(
            status: 500,
            body: "{\"error\":{\"message\":",
            kind: .temporary(retryAfter: nil),
            message: "500 from api.example.com: {\"error\":{\"message\":"
        ),
        Case(
            status: 500,
            body: "\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}abc",
            kind: .temporary(retryAfter: nil),
            message: "500 from api.example.com"
        ),
        Case(
            status: 500,
            body: #"{"error":{"message":"a\u001b[31mb\r\nc\u202ed"}}"#,
            kind: .temporary(retryAfter: nil),
            message: "500 from api.example.com: a[31mb cd"
        ),
    ]

    @Test(arguments: cases) func aRefusalIsSortedByWhatThereIsToDo(_ one: Case) throws {
        let response = HTTPResponse(
            head: HTTPHead(status: one.status, headers: one.headers),
            body: Array(one.body.utf8)
        )
        let error = try refusals().error(response, about: .file)
        #expect(error.kind == one.kind)
        #expect(error.message == one.message)
        #expect(error.status == one.status)
    }

    @Test func a404MeansWhatWasAskedFor() throws {
        let response = HTTPResponse(head: HTTPHead(status: 404), body: [])
        #expect(try refusals().error(response, about: .files).kind == .unsupported)
        #expect(try refusals().error(response, about: .chat(ids: ["file-1"])).kind == .unsupported)
    }

    @Test(arguments: [
        (404, #"{"detail":"Not Found"}"#), (404, "404 page not found\n"),
        (404, "<html><title>404 Not Found</title></html>"),
        (404, #"{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}"#),
        (404, #"{"error":{"message":"Invalid URL (POST /v1/responses)","type":"invalid_request_error"}}"#),
        (400, #"{"error":{"code":400,"message":"'input_file' is not supported by llamacpp at this moment"}}"#),
        (405, ""),
    ]) func aServerThatHasNoSuchThingIsToldFromOneThatRefuses(status: Int, body: String) throws {
        let response = HTTPResponse(head: HTTPHead(status: status), body: Array(body.utf8))
        #expect(try refusals().error(response, about: .chat(ids: ["file-1"])).kind == .unsupported)
    }

    @Test(arguments: [
        #"{"error":{"message":"No such File object: file-1","param":"id"}}"#,
        #"{"error":{"message":"The file was not found","param":"input[0].content[1].file_id"}}"#,
        #"{"detail":"File 'file-1' not found. Use 'client.files.list()' to list available Files."}"#,
        #"{"error":{"message":"x","code":"image_file_not_found"}}"#,
    ]) func aMissingFileInAChatIsGone(body: String) throws {
        let response = HTTPResponse(head: HTTPHead(status: 400), body: Array(body.utf8))
        #expect(try refusals().error(response, about: .chat(ids: ["file-1"])).kind == .gone)
    }

    @Test func aMissingModelIsNoMissingFile() throws {
        let body =
            #"{"error":{"message":"Model 'nope' not found. Use 'client.models.list()' to list available Models."}}"#
        let response = HTTPResponse(head: HTTPHead(status: 404), body: Array(body.utf8))
        #expect(try refusals().error(response, about: .chat(ids: ["file-1"])).kind == .rejected)
    }

    @Test(arguments: [
        "Incorrect API key provided: sk-proj-abcdefghijklmnop1234.",
        "url https://x/?key=sk-proj-abcdefghijklmnop1234&a=b",
        "another one: sk-ant-api03-ZZZZZZZZZZZZZZZZ, or AIzaSyZZZZZZZZZZZZ",
    ]) func noMessageShowsAKey(text: String) throws {
        let response = HTTPResponse(head: HTTPHead(status: 400), body: Array("{\"error\":\"\(text)\"}".utf8))
        let message = try refusals().error(response, about: .file).message
        #expect(!message.contains("abcdefghijklmnop"))
        #expect(!message.contains("ZZZZZZZZ"))
        #expect(message.contains("…"))
    }

    @Test func aKeyOfAnUnknownKindIsHiddenTooWhenAServerRepeatsIt() throws {
        let endpoint = try Endpoint(
            baseURL: "https://gateway.example.com",
            key: Secret("correct horse battery"),
            extraHeaders: [("api-key", "hunter2hunter2")]
        )
        let body = Array(#"{"message":"no: correct horse battery and hunter2hunter2"}"#.utf8)
        let error = Refusals(endpoint: endpoint).error(
            HTTPResponse(head: HTTPHead(status: 401), body: body),
            about: .file
        )
        #expect(!error.message.contains("horse"))
        #expect(!error.message.contains("hunter2"))
    }

    @Test func aLongMessageIsCutAndARequestIDIsKept() throws {
        let head = HTTPHead(status: 500, headers: [HTTPHeader("X-Request-Id", "req_1")])
        let body = Array("{\"error\":\"\(String(repeating: "word ", count: 500))\"}".utf8)
        let error = try refusals().error(HTTPResponse(head: head, body: body), about: .file)
        #expect(error.message.count <= 300)
        #expect(error.requestID == "req_1")
    }

    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Tue, 29 Feb 2028 23:59:59 GMT", 1_835_481_599), ("Sat, 21 Nov 2026 02:00:57 GMT", 1_795_226_457),
    ]) func datesOfHeadersAreRead(text: String, seconds: Double) {
        #expect(secondsSince1970(httpDate: text) == seconds)
    }

    @Test func aLimitThatIsUsedUpSaysWhenItIsThereAgain() {
        func after(_ headers: [(String, String)], status: Int = 429) -> Double? {
            RetryHint(HTTPHead(status: status, headers: headers.map { HTTPHeader($0.0, $0.1) }), now: 0).after
        }
        let requests = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")]
        let tokens = [("x-ratelimit-remaining-tokens", "12"), ("x-ratelimit-reset-tokens", "9h")]
        #expect(after(requests + tokens) == 360)
        #expect(after(tokens) == nil)
        #expect(after(requests + [("retry-after", "2")]) == 2)
        #expect(after(requests, status: 503) == nil)
        #expect(after([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "1h2m3s")]) == 3723)
        #expect(after([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "120ms")]) == 0.12)
        #expect(after([("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "soon")]) == nil)
        let moment = [
            ("date", "Sat, 21 Nov 2026 02:00:57 GMT"), ("anthropic-ratelimit-files-remaining", "0"),
            ("anthropic-ratelimit-files-reset", "2026-11-21T02:01:27Z"),
        ]
        #expect(after(moment) == 30)
    }

    @Test(arguments: [
        "", "soon", "Sun, 06 Nov 1994 08:49:37 CET", "Sunday, 06-Nov-94 08:49:37 GMT", "x, 99 Foo 1 a:b:c GMT",
    ])
    func whatIsNoDateIsNone(text: String) {
        #expect(secondsSince1970(httpDate: text) == nil)
    }

    @Test(arguments: ["-3", "nan", "inf", "soon"]) func aSenselessWishIsNone(text: String) {
        let hint = RetryHint(HTTPHead(status: 429, headers: [HTTPHeader("retry-after", text)]), now: 0)
        #expect(hint.after == nil || hint.after == 0)
    }

    @Test func nestingIsCountedBeforeItIsDecoded() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(!isShallow(deep))
        #expect(decodeReply([String].self, from: deep) == nil)
        #expect(isShallow(Array(#"{"a":"[[[[\"[[[["}"#.utf8), depth: 1))
        #expect(ErrorReply(deep).code == nil)
    }
}
