import Glibc
import SatchelCore
import Synchronization

/// The URLs by which Mistral's models read files, kept for as long as they are good.
///
/// Whoever has such a URL has the file: they are secrets, stay in memory, and go nowhere but into chat requests.
final class SignedURLs: Sendable {
    private struct Known {
        var url: Secret
        /// On the clock that only goes forward, in seconds.
        var until: Double
    }

    /// Asked for: from 1 to 168 are taken.
    static let hours = 24

    /// URLs fetched side by side: requests per second are few on small plans.
    private static let atOnce = 4
    /// Patient, because a question with ten files is ten requests.
    private static let retry = RetryPolicy(retries: 5)

    private let endpoint: Endpoint
    private let client: HTTPClient
    private let refusals: Refusals
    private let sleep: @Sendable (Double) async throws -> Void
    private let known = Mutex<[RemoteFileID: Known]>([:])

    /// - Parameters:
    ///   - endpoint: whose files.
    ///   - client: for the requests.
    ///   - refusals: in the provider's dialect.
    ///   - sleep: waits so many seconds; throws when the task is cancelled.
    init(
        _ endpoint: Endpoint,
        client: HTTPClient,
        refusals: Refusals,
        sleep: @escaping @Sendable (Double) async throws -> Void
    ) {
        self.endpoint = endpoint
        self.client = client
        self.refusals = refusals
        self.sleep = sleep
    }

    /// A URL for each of the files.
    ///
    /// - Returns: the URLs, and whether any of them is from an earlier call.
    /// - Throws: kind `.gone` when one of the files is not there any more.
    func urls(of ids: [RemoteFileID]) async throws(ProviderError) -> (urls: [RemoteFileID: Secret], hasOld: Bool) {
        let now = seconds()
        let wanted = Set(ids)
        var urls = known.withLock { known in
            known = known.filter { $0.value.until > now }
            return known.filter { wanted.contains($0.key) }.mapValues(\.url)
        }
        let hasOld = !urls.isEmpty
        var missing = wanted.filter { urls[$0] == nil }.sorted { $0.rawValue < $1.rawValue }[...]
        while !missing.isEmpty {
            let few = Array(missing.prefix(Self.atOnce))
            missing = missing.dropFirst(few.count)
            let fetched = await withTaskGroup(of: (RemoteFileID, Result<Secret, ProviderError>).self) { group in
                for id in few { group.addTask { (id, await self.fetched(id)) } }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for id in few {
                guard let url = try fetched[id]?.get() else { continue }
                urls[id] = url
                // Given back an hour before its end, so that none ends on its way.
                let until = now + Double(Self.hours - 1) * 3600
                known.withLock { $0[id] = Known(url: url, until: until) }
            }
        }
        return (urls, hasOld)
    }

    /// Forgets the URLs of these files: they turned out to lead nowhere.
    func forget(_ ids: [RemoteFileID]) {
        known.withLock { known in
            for id in ids { known[id] = nil }
        }
    }

    /// Tries again what passes: asking for a URL twice does no harm.
    private func fetched(_ id: RemoteFileID) async -> Result<Secret, ProviderError> {
        var attempt = 1
        while true {
            do throws(ProviderError) {
                return .success(try await fetch(id))
            } catch {
                let jitter = Double.random(in: 0..<1)
                guard error.kind != .unreachable,
                    let seconds = Self.retry.delay(after: error, attempt: attempt, jitter: jitter)
                else { return .failure(error) }
                guard (try? await sleep(seconds)) != nil else {
                    return .failure(ProviderError(.cancelled, "cancelled"))
                }
                attempt += 1
            }
        }
    }

    /// `GET /v1/files/{id}/url?expiry`.
    private func fetch(_ id: RemoteFileID) async throws(ProviderError) -> Secret {
        guard let segment = pathSegment(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
        let request = HTTPRequest(
            .get,
            endpoint.url(endpoint.mistralPath("/files/\(segment)/url?expiry=\(Self.hours)")),
            headers: endpoint.mistralHeaders(accept: "application/json"),
            limits: FilesExchange.shortLimits()
        )
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await client.send(request)
        } catch {
            throw refusals.error(error, isRepeatable: true)
        }
        guard (200..<300).contains(response.status) else { throw refusals.error(response, about: .file) }
        guard let url = decodeReply(Reply.self, from: response.body)?.url, url.hasPrefix("https://"),
            let secret = Secret(url)
        else { throw refusals.badReply(response.head, "the answer has no signed URL") }
        return secret
    }

    private struct Reply: Decodable {
        var url: String
    }

    /// Also goes on while the machine sleeps, as the URL's life does.
    private func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
