/// A provider on 127.0.0.1 that speaks one wire format, with a model that says what it was really shown.
package final class Loopback<Wire: LoopbackWire>: LoopbackProvider {
    package let server: LoopbackServer
    package let store: LoopbackStore
    let wire: Wire

    package init(
        options: Wire.Options = Wire.Options(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer()
    ) {
        self.server = server
        self.store = store
        wire = Wire(store: store, options: options)
    }

    package func start() throws { try server.start(wire) }

    package func stop() async { await server.stop() }

    /// Starts one, runs `body`, and stops it in any case.
    @discardableResult
    package static func with<Result>(
        _ options: Wire.Options = Wire.Options(),
        store: LoopbackStore = LoopbackStore(),
        server: LoopbackServer = LoopbackServer(),
        _ body: (Loopback) async throws -> Result
    ) async throws -> Result {
        let provider = Loopback(options: options, store: store, server: server)
        return try await LoopbackServer.with(provider.wire, server: server) { _ in try await body(provider) }
    }

    package var baseURL: String { server.url + Wire.address.basePath }
    package var key: String { Wire.address.key }
    package var otherKey: String { Wire.address.otherKey }

    package var environment: [String: String] {
        [Wire.address.keyVariable: key, Wire.address.baseURLVariable: baseURL]
    }

    package var options: Wire.Options {
        get { wire.directions.options }
        set { wire.directions.options = newValue }
    }

    package func nextAnswer(_ answer: LoopbackAnswer) { wire.directions.push(answer) }

    package var uploadRoute: LoopbackMatch { Wire.address.uploadRoute }
    package var listRoute: LoopbackMatch { Wire.address.listRoute }

    package var maxPage: Int {
        get { options.maxPage }
        set { options.maxPage = newValue }
    }

    package func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault { Wire.refusing(refusal) }
}
