import CLIPEngine

/// Zero-shot classification: `POST /classify`, a route of our own.
///
/// Images and texts are declared as on Roboflow's routes, and fields that are wrong are told in the same form.
package enum ClassificationRoutes {
    package static let shape = Shape(
        [
            Route("/classify", ["POST"], wantsBody: true) { (context, input) throws(APIError) in
                try await context.classify(input)
            }
        ],
        errors: .own,
        describedBy: PackageResources.classification_json
    )
}

extension RouteContext {
    fileprivate func classify(_ input: RouteInput) async throws(APIError) -> Answer {
        let body = try await desk.read(input, isOfAnyType: true) { (fields) throws(APIError) in
            try ClassifyBody(&fields)
        }
        let items = try Items(body.items)
        var loadTime: Duration?
        do throws(EmbeddingError) {
            let model = try requestedModel(body.model)
            loadTime = try await engine.load(model: model, terms: input.terms)
            let start = ContinuousClock.now
            let result = try await predictions(for: items, body, by: model, input.terms)
            let seconds = result.report.seconds(since: start)
            let count = items.count * (result.predictions.first?.count ?? 0)
            let bytes = try await desk.write(
                isLong: 2 * count > WireDesk.mostNumbersInPlace,
                for: input.terms.client
            ) { [labels = body.labels] isUnwanted in
                ClassificationAnswers.predictions(result, labels, seconds: seconds, unless: isUnwanted)
            }
            var answer = Answer(bytes)
            result.room?.shrink(to: bytes.count)
            answer.room = result.room
            answer.model = result.report.model
            answer.report = result.report
            answer.loadTime = result.report.loadTime ?? loadTime
            return answer
        } catch {
            let place = items.place(of: error, labels: body.labels.labels.count)
            var answer = Answer(.embedding(error, place: place), model: named(body.model, in: error))
            answer.loadTime = loadTime
            return answer
        }
    }

    private func predictions(
        for items: Items,
        _ body: ClassifyBody,
        by model: String?,
        _ terms: RequestTerms
    ) async throws(EmbeddingError) -> ClassificationResult {
        let bytes = items.count * ClassificationAnswers.mostBytes(ofItemAmong: body.labels, top: body.top)
        switch items {
        case .images(let images):
            return try await engine.classify(
                images: images,
                among: body.labels,
                top: body.top,
                model: model,
                truncating: body.truncates,
                answerBytes: bytes,
                terms: terms
            )
        case .texts(let texts):
            return try await engine.classify(
                texts: texts,
                among: body.labels,
                top: body.top,
                model: model,
                truncating: body.truncates,
                answerBytes: bytes,
                terms: terms
            )
        }
    }
}

/// What the engine is asked about.
private enum Items {
    case images([ImageSource])
    case texts([String])

    /// - Throws: the 400 of the first image that cannot be looked at.
    init(_ items: ClassifyBody.Items) throws(APIError) {
        switch items {
        case .texts(let texts): self = .texts(texts)
        case .images(let declarations):
            var images: [ImageSource] = []
            for declaration in declarations { images.append(try declaration.source()) }
            self = .images(images)
        }
    }

    var count: Int {
        switch self {
        case .images(let images): images.count
        case .texts(let texts): texts.count
        }
    }

    /// Which image, text or label an error is about.
    func place(of error: EmbeddingError, labels: Int) -> String? {
        switch error {
        case .label(let index, _): "label \(index + 1) of \(labels)"
        case .image(let index, _) where count > 1: "image \(index + 1) of \(count)"
        default:
            error.textIndex.flatMap { count > 1 ? "text \($0 + 1) of \(count)" : nil }
        }
    }
}
