internal import CLIPImaging

/// What front ends that have pictures of their own do with them beside embedding, in the places and the memory that all requests
/// share.
extension EmbeddingEngine {
    /// A small copy of a picture: an upright JPEG without metadata, of at most 256 pixels a side.
    ///
    /// - Parameters:
    ///   - image: the bytes of its file, which the caller has counted in ``budget``.
    ///   - terms: the client, its deadline and what it holds already, the bytes of the file among it.
    /// - Throws: `image` for what is wrong with the picture; `overloaded`; `cancelled`.
    package func thumbnail(
        of image: [UInt8],
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) -> [UInt8] {
        let request = try await AdmittedRequest.begin(
            at: admission,
            images: [],
            texts: [],
            costs: thumbnailCosts,
            terms: terms
        )
        defer { request.end() }
        // Like an image that was fetched, it takes a place only once its bytes are here.
        try await request.enterFetched()
        let start = ContinuousClock.now
        let jpeg = try await imagePreparation.thumbnail(
            of: image,
            by: thumbnails,
            costs: thumbnailCosts,
            request: request
        )
        var timings = StageTimings()
        timings.decode = ContinuousClock.now - start
        metrics.note(timings)
        return jpeg
    }

    /// Pixels of the longest side of a thumbnail.
    static let thumbnailSide = 256

    /// Does work beside the models that takes all cores, such as a search, in a place among those of requests.
    ///
    /// - Parameter seconds: what it takes of one core, as far as is known: requests that come meanwhile wait so much longer.
    /// - Throws: `overloaded` if it would not be done in time, or too much is waiting.
    package func withPlace<Value: Sendable>(
        forSeconds seconds: Double,
        terms: RequestTerms,
        _ work: () async throws(EmbeddingError) -> Value
    ) async throws(EmbeddingError) -> Value {
        let demand = AdmissionPlan.Demand(items: 1, work: seconds, client: terms.client)
        try await admission.enter(demand, terms: terms)
        defer { admission.leave(demand) }
        return try await work()
    }

    /// Reserves the bytes of a file that is about to be read, as for a body.
    ///
    /// - Throws: `tooMuchMemory` if there never is room; `overloaded` if other requests do not give back enough in time;
    ///   `cancelled`.
    package func roomForFile(
        ofBytes bytes: Int,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> ByteReservation {
        try await room(ofBytes: bytes, for: .input, terms: terms) { bytes, limit in
            .image(index: 0, .tooMuchMemory(bytes: bytes, limit: limit))
        }
    }
}
