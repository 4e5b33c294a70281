import Glibc
import SatchelTestSupport
import Testing

/// Certificates and proxies as people who use curl know them.
@Suite(.timeLimit(.minutes(2)))
struct NetworkTests {
    /// Runs `body` beside a TLS server with a certificate of its own, for 127.0.0.1, that answers the listing of an
    /// empty account.
    private func withTLS(_ body: (_ port: Int, _ certificate: String) async throws -> Void) async throws {
        try await TemporaryWorkspace.with(["v1/files?limit=1&order=asc": Self.listing]) { folder in
            let surroundings = SpawnedProcess.Surroundings(
                folder: folder.root,
                environment: ["PATH": "/usr/bin:/bin", "HOME": folder.root]
            )
            try await SpawnedProcess(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
                    "certificate.pem",
                ],
                surroundings
            ).finish().check()
            let server = try SpawnedProcess(
                "openssl",
                ["s_server", "-accept", "127.0.0.1:0", "-cert", "certificate.pem", "-key", "key.pem", "-HTTP"],
                surroundings
            )
            let line = try await server.line(containing: "ACCEPT 127.0.0.1:")
            let port = try #require(Int(line.dropFirst("ACCEPT 127.0.0.1:".count)))
            try await body(port, "\(folder.root)/certificate.pem")
            server.send(SIGTERM)
            _ = try await server.finish()
        }
    }

    private static let listing = RawBytes(
        "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
            + #"{"object":"list","data":[],"has_more":false}"# + "\n"
    )

    private func openAICheck(_ satchel: RunningSatchel, status: Int32) async throws -> LiveDoctorTests.Document.Check {
        let document: LiveDoctorTests.Document = try await satchel.document(["doctor"], status: status)
        return try #require(document["account openai"])
    }

    @Test func aCertificateThatNobodyVouchesForIsRefused() async throws {
        try await withTLS { port, certificate in
            let environment = ["OPENAI_API_KEY": "sk-0", "OPENAI_BASE_URL": "https://127.0.0.1:\(port)/v1"]
            try await RunningSatchel.initialised(environment: environment) { satchel in
                let refused = try await openAICheck(satchel, status: 1)
                #expect(!refused.ok)
                #expect(refused.detail.lowercased().contains("certificate"), "\(refused.detail)")
                // As curl does it: the user names who else is trusted.
                for variable in ["CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
                    satchel.set(variable, certificate)
                    let trusted = try await openAICheck(satchel, status: 0)
                    #expect(trusted.ok, "\(trusted.detail)")
                    satchel.set(variable, "")
                }
            }
        }
    }

    @Test func thereIsNoSwitchThatTurnsCertificatesOff() async throws {
        try await withTLS { port, _ in
            let environment = [
                "OPENAI_API_KEY": "sk-0", "OPENAI_BASE_URL": "https://127.0.0.1:\(port)/v1",
                "NODE_TLS_REJECT_UNAUTHORIZED": "0", "PYTHONHTTPSVERIFY": "0", "CURL_INSECURE": "1",
                "GIT_SSL_NO_VERIFY": "1",
            ]
            try await RunningSatchel.initialised(["home/.curlrc": "insecure\n"], environment: environment) { satchel in
                satchel.set("HOME", satchel.workspace.root + "/home")
                let refused = try await openAICheck(satchel, status: 1)
                #expect(!refused.ok)
            }
        }
    }

    @Test func aProxyIsAskedUnlessTheHostIsExcepted() async throws {
        try await AtOpenAI.with { at in
            let proxy = LoopbackServer()
            try await LoopbackServer.with(Nothing(), server: proxy) { proxy in
                at.satchel.set("SATCHEL_RETRIES", "0")
                at.satchel.set("OPENAI_BASE_URL", "http://files.example.invalid/v1")
                at.satchel.set("http_proxy", proxy.url)
                _ = try await openAICheck(at.satchel, status: 1)
                // A proxy is told the whole address, which is no proper target for any other server.
                #expect(proxy.flaws.contains { $0.contains("http://files.example.invalid/v1/files") })
                at.satchel.set("OPENAI_BASE_URL", at.openAI.baseURL)
                at.satchel.set("no_proxy", "127.0.0.1")
                let direct = try await openAICheck(at.satchel, status: 0)
                #expect(direct.ok)
            }
        }
    }

    private struct Nothing: LoopbackService {
        func answer(_ request: LoopbackRequest) -> LoopbackResponse { .text("nothing here", status: 404) }
    }

    @Test func aRedirectDoesNotCarryTheKeyAway() async throws {
        try await AtOpenAI.with(["a.txt": "a\n"], environment: ["SATCHEL_RETRIES": "0"]) { at in
            let stranger = LoopbackServer()
            try await LoopbackServer.with(Nothing(), server: stranger) { stranger in
                for status in [301, 302, 307, 308] {
                    at.server.inject(.status(status, headers: ["Location": "\(stranger.url)/v1/files"]))
                    let sync = try await at.satchel.sync(status: 1)
                    #expect(sync.failures.first?.message.contains("redirects are not followed") == true)
                }
                #expect(stranger.requests.isEmpty)
                #expect(stranger.flaws.isEmpty)
            }
        }
    }
}
