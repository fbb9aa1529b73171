import CLIPEngine
import CLIPIndex
import HTTPTypes

/// The pictures of an index: `POST /search` finds them, and `GET /thumbnails/{id}` shows them small.
///
/// The routes are our own. Pictures and texts are declared as on Roboflow's routes, and fields that are wrong are told in the same form.
package enum ImageSearchRoutes {
    package static let shape = Shape(
        [
            Route("/search", ["POST"], purpose: .pictures, wantsBody: true) {
                (context, input) throws(APIError) in
                try await context.searchPictures(input)
            },
            Route("/thumbnails/{id}", ["GET", "HEAD"], purpose: .pictures) {
                (context, input) throws(APIError) in
                try await context.thumbnail(input)
            },
        ],
        errors: .own,
        describedBy: PackageResources.imagesearch_json
    )

    /// The picture that a path names; nil where it has anything but a whole number above zero.
    package static func pictureID(_ text: String?) -> Int? {
        guard let text, (1...18).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// Of thumbnails: who has one asks each time whether it is still the same, and no other site's page can show it.
    fileprivate static let thumbnailFields: HTTPFields = [
        .cacheControl: "private, no-cache",
        .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
        .crossOriginResourcePolicy: "same-origin",
    ]
}

extension HTTPField.Name {
    fileprivate static let crossOriginResourcePolicy = own("cross-origin-resource-policy")
}

extension RouteContext {
    fileprivate func searchPictures(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await imageSearchBody(input)
        guard let pictures else { throw .noIndex }
        let question = try body.question()
        var loadTime: Duration?
        do throws(PictureSearchError) {
            do throws(EmbeddingError) {
                if body.needsModel {
                    loadTime = try await engine.load(model: pictures.model, terms: input.terms)
                }
            } catch {
                throw .engine(error, term: nil)
            }
            let start = ContinuousClock.now
            let found = try await pictures.search(for: question, terms: input.terms)
            metrics.noteSearch(pictures: found.searched, time: found.report.timings.search)
            var answer = try await write(found, since: start, input.terms)
            answer.model = pictures.model
            answer.report = found.report
            answer.loadTime = found.report.loadTime ?? loadTime
            return answer
        } catch {
            var answer = Answer(APIError(error, place: body.place(of: error)), model: pictures.model)
            answer.loadTime = loadTime
            return answer
        }
    }

    private func imageSearchBody(_ input: RouteInput) async throws(APIError) -> ImageSearchBody {
        let query = ImageSearchFields(input.query)
        if let picture = try pictureBody(input) { return try ImageSearchBody(picture: picture, query: query) }
        if let boundary = try formBoundary(input) {
            return try await desk.read(input, boundary: boundary) { (form) throws(APIError) in
                try ImageSearchBody(form, query: query)
            }
        }
        return try await desk.read(input, beside: query.problems) { (fields) throws(APIError) in
            try ImageSearchBody(&fields, over: query)
        }
    }

    private func write(
        _ found: PictureSearch.Answer,
        since start: ContinuousClock.Instant,
        _ terms: RequestTerms
    ) async throws(PictureSearchError) -> Answer {
        let seconds = found.report.seconds(since: start)
        let most = ImageSearchAnswers.mostBytes(of: found.matches)
        do throws(EmbeddingError) {
            let room = try await engine.roomForAnswer(ofBytes: most, terms: terms)
            let bytes = try await desk.write(isLong: room != nil, for: terms.client) { isUnwanted in
                ImageSearchAnswers.results(
                    found.matches,
                    searched: found.searched,
                    seconds: seconds,
                    unless: isUnwanted
                )
            }
            room?.shrink(to: bytes.count)
            var answer = Answer(bytes)
            answer.room = room
            return answer
        } catch {
            throw .engine(error, term: nil)
        }
    }

    fileprivate func thumbnail(_ input: RouteInput) async throws(APIError) -> Answer {
        guard let pictures else { throw .noIndex }
        guard let id = ImageSearchRoutes.pictureID(input.rest) else { throw .pictures(.noPicture(id: 0)) }
        do throws(PictureSearchError) {
            let picture = try await pictures.picture(ofID: id, terms: input.terms)
            let isKept = Answer.isKept(picture.tag, by: input.kept)
            var answer = Answer(
                isKept ? [] : try await pictures.thumbnail(of: picture, terms: input.terms)
            )
            answer.contentType = "image/jpeg"
            answer.tag = picture.tag
            answer.fields = ImageSearchRoutes.thumbnailFields
            return answer
        } catch {
            throw APIError(error)
        }
    }
}

extension ImageSearchBody {
    /// Which text or picture an error is about.
    fileprivate func place(of error: PictureSearchError) -> String? {
        if case .engine(_, let term) = error { place(ofTerm: term) } else { nil }
    }
}
