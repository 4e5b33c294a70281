import SatchelTestSupport
import Testing

struct LoopbackFormTests {
    private let type = "multipart/form-data; boundary=b0"

    @Test func aFormIsReadWithItsNamesAndBytes() throws {
        // A file that ends in a line break, holds NUL, a near-boundary and invalid UTF-8.
        let content = Array("a\r\n--b\r\n--b1\0".utf8) + [0xff, 0xfe, 0x0d, 0x0a]
        let body =
            Array("--b0\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n".utf8)
            + Array("--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b=c %22.txt\"\r\n".utf8)
            + Array("Content-Type: text/plain\r\n\r\n".utf8) + content + Array("\r\n--b0--\r\n".utf8)
        let form = try MultipartForm(parsing: body, contentType: type)
        #expect(form.parts.map(\.name) == ["purpose", "file"])
        #expect(form["purpose"]?.text == "user_data")
        #expect(form["purpose"]?.filename == nil)
        let file = try #require(form["file"])
        #expect(file.filename == "a;b=c %22.txt")
        #expect(file.contentType == "text/plain")
        #expect(Array(file.bytes) == content)
    }

    @Test func anEmptyFileIsAPart() throws {
        let body = "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n\r\n--b0--\r\n"
        let form = try MultipartForm(parsing: Array(body.utf8), contentType: "multipart/form-data; boundary=\"b0\"")
        #expect(form["file"]?.bytes.isEmpty == true)
    }

    @Test(arguments: [
        ("preamble", "hello\r\n--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b0--\r\n"),
        ("epilogue", "--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b0--\r\nbye"),
        ("no end", "--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b0\r\n"),
        ("no closing", "--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"),
        ("line feeds only", "--b0\nContent-Disposition: form-data; name=\"a\"\n\nx\n--b0--\n"),
        ("line feed in a header", "--b0\r\nContent-Disposition: form-data; name=\"a\"\nX: y\r\n\r\nx\r\n--b0--\r\n"),
        ("no name", "--b0\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0--\r\n"),
        ("no disposition", "--b0\r\nContent-Type: text/plain\r\n\r\nx\r\n--b0--\r\n"),
        ("attachment", "--b0\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b0--\r\n"),
        ("filename*", "--b0\r\nContent-Disposition: form-data; name=\"a\"; filename*=utf-8''x\r\n\r\nx\r\n--b0--\r\n"),
        ("quote in a name", "--b0\r\nContent-Disposition: form-data; name=\"a\"b\"\r\n\r\nx\r\n--b0--\r\n"),
        ("unclosed quote", "--b0\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b0--\r\n"),
        ("name twice", "--b0\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b0--\r\n"),
        (
            "encoding",
            "--b0\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b0--\r\n"
        ),
        ("no blank line", "--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n--b0--\r\n"),
        ("no parts", "--b0--\r\n"),
        ("nothing", ""),
    ])
    func whatIsNoProperFormIsRefused(flaw: String, body: String) {
        #expect(throws: MultipartFlaw.self, "\(flaw)") {
            try MultipartForm(parsing: Array(body.utf8), contentType: type)
        }
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/mixed; boundary=b0", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=b\u{e4}", "multipart/form-data; boundary=b0; charset=utf-8",
        "multipart/form-data; boundary=\(String(repeating: "b", count: 71))", "application/json",
    ])
    func aBoundaryMustBeProper(type: String) {
        let body = Array("--b0\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b0--\r\n".utf8)
        #expect(throws: MultipartFlaw.self) { try MultipartForm(parsing: body, contentType: type) }
    }
}
