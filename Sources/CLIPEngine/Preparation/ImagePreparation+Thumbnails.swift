internal import CLIPImaging

/// Small copies of pictures, made on the same threads and within the same limits as what the network sees.
extension ImagePreparation {
    /// The outcome of one job on the pool.
    private enum ThumbnailStep: Sendable {
        case done([UInt8], decoding: Duration)
        /// Decoding needs this many bytes, which were not free at once.
        case wants(bytes: Int)
        case failed(ImageFault)
        case stopped
    }

    /// A picture as a JPEG.
    ///
    /// - Parameters:
    ///   - image: the bytes of its file, which the caller has counted.
    ///   - costs: learns how long it took.
    func thumbnail(
        of image: [UInt8],
        by maker: ThumbnailMaker,
        costs: CostMeter,
        request: AdmittedRequest
    ) async throws(EmbeddingError) -> [UInt8] {
        var room: ByteReservation?
        while true {
            switch await step(image, by: maker, client: request.client, room: room) {
            case .done(let jpeg, let time):
                costs.spendOnDecoding(time)
                return jpeg
            case .failed(let fault): throw .image(index: 0, fault)
            case .stopped: throw .cancelled
            case .wants(let bytes):
                room = nil
                room = try await self.room(for: bytes, at: 0, request: request)
            }
        }
    }

    private func step(
        _ image: [UInt8],
        by maker: ThumbnailMaker,
        client: String?,
        room granted: ByteReservation?
    ) async -> ThumbnailStep {
        let (budget, limit) = (budget, decodeTimeLimit)
        let isCostly = granted.map { $0.byteCount > DecodingRoom.mostCheapBytes } ?? false
        return await pool.run(for: client, isCostly: isCostly) { cancellation in
            var room = DecodingRoom(granted)
            let start = ContinuousClock.now
            do throws(ImagingError) {
                let jpeg = try maker.jpeg(
                    of: image,
                    admitting: { room.admits($0, of: budget) },
                    // The time limit starts here, because waiting for a thread is not the picture's fault.
                    stop: DecodeStop(after: limit) { cancellation.isRequested }
                )
                return .done(jpeg, decoding: ContinuousClock.now - start)
            } catch {
                switch error {
                case .notAdmitted(let bytes): return .wants(bytes: bytes)
                case .stopped: return .stopped
                default: return .failed(ImageFault(error, origin: .payload))
                }
            }
        } ?? .stopped
    }
}
