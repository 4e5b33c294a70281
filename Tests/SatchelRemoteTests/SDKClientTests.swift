import Glibc
import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// The loopback providers before clients that nobody of this project wrote: the providers' official SDKs.
///
/// `SATCHEL_SDK_PYTHON` names a Python that has them; `Tests/Interop/README.md` tells how to make one.
@Suite(.timeLimit(.minutes(5)), .enabled(if: getenv("SATCHEL_SDK_PYTHON") != nil))
struct SDKClientTests {
    @Test(arguments: Backend.remote.filter { $0 != .compatible }) func theOfficialSDKWorks(backend: Backend)
        async throws
    {
        let python = try #require(getenv("SATCHEL_SDK_PYTHON").map { String(cString: $0) })
        let tests = #filePath.prefix(upTo: try #require(#filePath.firstRange(of: "/SatchelRemoteTests/")).lowerBound)
        try await backend.withServer { _, server in
            try await withTemporaryFolder { folder in
                let process = try SpawnedProcess(
                    python,
                    ["\(tests)/Interop/sdk_clients.py", backend.kind.rawValue, server.baseURL, server.key, folder],
                    SpawnedProcess.Surroundings(folder: folder, environment: ["HOME": folder, "PATH": "/usr/bin:/bin"])
                )
                let finished = try await process.finish(within: .seconds(120))
                #expect(finished.status == 0, "\(finished)")
                #expect(finished.stdout.contains("ok gone"), "\(finished)")
                #expect(server.files.isEmpty)
            }
        }
    }
}
