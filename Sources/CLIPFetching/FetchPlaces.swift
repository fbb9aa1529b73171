/// Decides who may fetch now: there are places in all, for each host and for each client.
///
/// So one host, or one client, can be as slow as it likes without making others wait.
package struct FetchPlaces: Sendable {
    /// The host and the client whose places a fetch takes.
    package struct Claim: Equatable, Sendable {
        let host: URLHost
        let client: String?

        package init(host: URLHost, client: String?) {
            self.host = host
            self.client = client
        }
    }

    private let limit: Int
    private let limitPerHost: Int
    private let limitPerClient: Int
    private var taken = 0
    private var takenByHost: [URLHost: Int] = [:]
    private var takenByClient: [String: Int] = [:]

    package init(_ configuration: FetchingConfiguration) {
        limit = configuration.maxConcurrentFetches
        limitPerHost = configuration.maxConcurrentFetchesPerHost
        limitPerClient = configuration.placesPerClient
    }

    /// Whether no place at all is free.
    package var isFull: Bool { taken >= limit }

    /// Whether there is a place; a fetch without a client is held only to the other two limits.
    package func hasPlace(for claim: Claim) -> Bool {
        !isFull && takenByHost[claim.host, default: 0] < limitPerHost
            && claim.client.map { takenByClient[$0, default: 0] < limitPerClient } ?? true
    }

    package mutating func enter(_ claim: Claim) {
        taken += 1
        takenByHost[claim.host, default: 0] += 1
        if let client = claim.client { takenByClient[client, default: 0] += 1 }
    }

    package mutating func leave(_ claim: Claim) {
        taken -= 1
        takenByHost[claim.host] = takenByHost[claim.host].flatMap { $0 > 1 ? $0 - 1 : nil }
        guard let client = claim.client else { return }
        takenByClient[client] = takenByClient[client].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
}
