import SatchelCore
@testable import SatchelRemote
import Testing

struct EndpointTests {
    @Test(arguments: [
        ("https://api.openai.com/v1", "https://api.openai.com/v1", "api.openai.com"),
        ("HTTPS://API.Example.com/v1///", "https://API.Example.com/v1", "api.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1"),
        ("http://[::1]:80/x", "http://[::1]:80/x", "[::1]"),
    ]) func aBaseURLIsTakenAsItIs(text: String, base: String, host: String) throws {
        let endpoint = try Endpoint(baseURL: text, key: nil)
        #expect(endpoint.baseURL == base)
        #expect(endpoint.host == host)
    }

    @Test(arguments: [
        "", "api.openai.com/v1", "ftp://host/", "file:///etc/passwd", "https://", "https:///v1",
        "https://user:secret@host/v1",
        "https://host/v1?key=1", "https://host/v1#x", "https://host/v1\r\nX-Evil: 1", "https://ho st/", "https://hößt/",
        "https://host:0/", "https://host:99999/", "https://host:/",
    ]) func aBaseURLThatCouldLeadElsewhereIsRefused(text: String) {
        let error = #expect(throws: EndpointError.self) { try Endpoint(baseURL: text, key: nil) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test func nothingCanBeSmuggledIntoAHeader() {
        let url = "https://host/v1"
        #expect(throws: EndpointError.self) { try Endpoint(baseURL: url, key: Secret("a\r\nb")) }
        #expect(throws: EndpointError.self) { try Endpoint(baseURL: url, key: nil, organisation: "a\nb") }
        #expect(throws: EndpointError.self) { try Endpoint(baseURL: url, key: nil, extraHeaders: [("X: y\r\nZ", "1")]) }
        #expect(throws: EndpointError.self) {
            try Endpoint(baseURL: url, key: nil, extraHeaders: [("X", "1\r\n\r\nGET /")])
        }
    }

    @Test(arguments: [
        ("file-abc", "file-abc"), ("a/b", "a%2Fb"), ("../x", "..%2Fx"), ("a?b#c", "a%3Fb%23c"), ("é ", "%C3%A9%20"),
        ("%2e", "%252e"),
    ]) func anIDIsOneSegmentOfAPath(id: String, segment: String) throws {
        #expect(pathSegment(try #require(RemoteFileID(id))) == segment)
    }

    @Test(arguments: [".", ".."]) func anIDThatWouldClimbIsNone(id: String) throws {
        #expect(pathSegment(try #require(RemoteFileID(id))) == nil)
    }

    @Test func aKeyShowsOnlyItsKindAndItsEnd() throws {
        let key = try #require(Secret("  sk-proj-0123456789abcdefa1b2\n"))
        #expect("\(key)" == "sk-…a1b2")
        #expect(String(reflecting: key) == "sk-…a1b2")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("0123456789"))
        #expect("\(try #require(Secret("short")))" == "…")
        #expect(Secret(" \n") == nil)
    }

    @Test func keysAreToldApartByTheirFingerprints() throws {
        let one = try #require(Secret("one")).fingerprint(IndependentHashing())
        #expect(one.count == 16)
        #expect(one != (try #require(Secret("two")).fingerprint(IndependentHashing())))
        #expect(one == (try #require(Secret("one\n")).fingerprint(IndependentHashing())))
    }

    @Test func aKeyInClearAcrossANetworkIsNoticed() throws {
        let key = Secret("x")
        #expect(try Endpoint(baseURL: "http://example.com", key: key).sendsKeyInClear)
        #expect(try !Endpoint(baseURL: "https://example.com", key: key).sendsKeyInClear)
        #expect(try Endpoint(baseURL: "http://127.evil.invalid/v1", key: key).sendsKeyInClear)
        #expect(try Endpoint(baseURL: "http://127.0.0.1.evil.invalid", key: key).sendsKeyInClear)
        #expect(try !Endpoint(baseURL: "http://127.0.0.1:1", key: key).sendsKeyInClear)
        #expect(try !Endpoint(baseURL: "http://example.com", key: nil).sendsKeyInClear)
    }
}
