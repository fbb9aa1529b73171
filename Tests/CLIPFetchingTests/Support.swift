import CLIPFetching
import CLIPTestSupport

extension IPAddress {
    /// 127.0.0.1, where the tests' servers are.
    static let loopback = IPAddress.v4(0x7F00_0001)
}

/// Runs a test with a server and a fetcher that may reach 127.0.0.1 and no other private address.
func withFetcher(
    of server: ScriptedServer,
    policy: AddressPolicy = .publicAddresses(and: [.loopback]),
    room: @escaping ImageFetcher.RoomGiver = { FetchRoom(bytes: $0) },
    _ configure: (inout FetchingConfiguration) -> Void = { _ in },
    test: (ImageFetcher) async throws -> Void
) async throws {
    defer { server.stop() }
    try await withFetcher(policy: policy, room: room, configure, test: test)
}

/// Runs a test with a fetcher that is in no hurry: a test that needs a time limit sets it.
func withFetcher(
    policy: AddressPolicy = .publicAddresses(and: [.loopback]),
    room: @escaping ImageFetcher.RoomGiver = { FetchRoom(bytes: $0) },
    _ configure: (inout FetchingConfiguration) -> Void = { _ in },
    test: (ImageFetcher) async throws -> Void
) async throws {
    var configuration = FetchingConfiguration()
    configuration.timeLimit = .seconds(3600)
    configuration.connectTimeLimit = .seconds(3600)
    configuration.minimumBytesPerSecond = 0
    configure(&configuration)
    let fetcher = try ImageFetcher(configuration: configuration, policy: policy, room: room)
    defer { fetcher.shutdown() }
    try await test(fetcher)
}

/// What a fetch came to, for tests that look at several.
func outcome(
    of fetcher: ImageFetcher,
    _ url: String,
    client: String? = nil
) async -> Result<[UInt8], FetchingError> {
    do throws(FetchingError) {
        return .success(try await fetcher.bytes(at: url, client: client).bytes)
    } catch {
        return .failure(error)
    }
}
