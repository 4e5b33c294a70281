import SatchelCore
@testable import SatchelRemote
import SatchelTestSupport
import Testing

@Test func smoke() async throws {
    try await LoopbackOpenAI.with { openAI in
        let endpoint = try Endpoint(baseURL: openAI.baseURL, key: Secret(openAI.key))
        let client = HTTPClient()
        let files = OpenAIFiles(endpoint, client: client, hashing: IndependentHashing())
        print(try await files.probe())
        print(try await files.list(after: nil))
    }
}
