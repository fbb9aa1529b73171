public struct FetchedImage: Sendable {
    public let bytes: [UInt8]
    public let room: (any Sendable)?
}

extension ImageFetcher {
    public func bytes(at url: String, client: String?) async throws(FetchingError) -> FetchedImage {
        FetchedImage(bytes: try await bytes(at: url), room: nil)
    }
}
