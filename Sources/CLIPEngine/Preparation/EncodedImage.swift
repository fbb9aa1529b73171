/// The bytes of an image file, as they came.
struct EncodedImage: Sendable {
    let bytes: [UInt8]
    let origin: ImageOrigin
    /// Whether the bytes came as a text in base64.
    let wasBase64: Bool
    /// The hash of the bytes; the same for all images if they are not hashed.
    let hash: ContentHash
    /// Keeps the bytes counted until they are released; nil if they are part of a body that is counted already.
    private let room: (any Sendable)?
    /// The number of bytes that are not counted yet, because they were decoded from a text.
    let uncountedBytes: Int

    init(
        _ bytes: [UInt8],
        from origin: ImageOrigin,
        hashedWith key: ContentHash.Key?,
        room: (any Sendable)? = nil,
        isCopy: Bool = false,
        wasBase64: Bool = false
    ) {
        self.bytes = bytes
        self.origin = origin
        self.room = room
        self.wasBase64 = wasBase64
        uncountedBytes = isCopy ? bytes.count : 0
        hash = key.map { ContentHash(of: bytes, key: $0) } ?? .none
    }

    private init(_ image: EncodedImage, room: ByteReservation) {
        (bytes, origin, hash, uncountedBytes) = (image.bytes, image.origin, image.hash, 0)
        self.room = room
        wasBase64 = image.wasBase64
    }

    /// The same image with its bytes counted; nil if there is no room for them now.
    func counted(in budget: ByteBudget) -> EncodedImage? {
        guard uncountedBytes > 0 else { return self }
        return budget.reserveNow(uncountedBytes, for: .decoding).map { EncodedImage(self, room: $0) }
    }
}

/// An image that is ready for the network, or needs it no more.
struct PreparedImage: Sendable {
    /// The hash of the encoded bytes.
    let hash: ContentHash
    let content: Content

    enum Content: Sendable {
        /// The embedding was in the cache.
        case known(Embedding)
        /// (imageSize, imageSize, 3) bytes, and the reservation that counts them.
        case pixels([UInt8], room: ByteReservation)
    }

    /// The embedding, if it was in the cache.
    var embedding: Embedding? {
        guard case .known(let embedding) = content else { return nil }
        return embedding
    }

    /// The pixels, if it was not.
    var pixels: [UInt8]? {
        guard case .pixels(let bytes, _) = content else { return nil }
        return bytes
    }
}
