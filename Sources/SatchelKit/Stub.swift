import SatchelCore
import SatchelRemote
import FoundationEssentials
struct RetryingProvider: FileProvider {
  let p: OpenAIFiles
  init(_ p: OpenAIFiles, policy: RetryPolicy, onWait: @escaping @Sendable (Double, String) -> Void) { self.p = p }
  var traits: ProviderTraits { p.traits }
  func upload(_ batch: [Upload]) async -> [Result<RemoteFile, ProviderError>] { await p.upload(batch) }
  func list(after cursor: String?) async throws(ProviderError) -> RemotePage { try await p.list(after: cursor)}
  func retrieve(_ id: RemoteFileID) async throws(ProviderError) -> RemoteFile? { try await p.retrieve(id) }
  func delete(_ id: RemoteFileID) async throws(ProviderError) { try await p.delete(id) }
  func download(_ id: RemoteFileID, upTo limit: ByteCount) async throws(ProviderError) -> [UInt8] { try await p.download(id, upTo: limit) }
  func find(uploadName: String, size: Int64, createdAfter: Date) async throws(ProviderError) -> RemoteFile? { try await p.find(uploadName: uploadName, size: size, createdAfter: createdAfter)}
}
struct ResponsesModel: ChatModel {
  init(endpoint: Endpoint, http: HTTPClient, traits: ProviderTraits) { self.traits = traits }
  let traits: ProviderTraits
  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> { AsyncThrowingStream { $0.finish() } }
}
struct ChatCompletionsModel: ChatModel {
  init(endpoint: Endpoint, http: HTTPClient) { }
  var traits: ProviderTraits { .openAICompatible }
  func stream(_ request: ChatRequest) -> AsyncThrowingStream<ChatEvent, any Error> { AsyncThrowingStream { $0.finish() } }
}
