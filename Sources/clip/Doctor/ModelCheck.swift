internal import CLIPEngine
internal import CLIPHub

/// Checks whether the models are on this machine and can be loaded, and how long a forward pass of the default model
/// takes.
struct ModelCheck {
    let settings: ServeSettings
    let environment: Environment

    private static let group = "models"

    /// A line for each model of `--model`, then those in the hub's cache.
    var findings: [Finding] {
        let configured = settings.engine.models.map(finding) + together
        let names = Set(settings.engine.models.map(\.name))
        let cached = KnownModel.all.filter { !names.contains($0.name) }.compactMap { known -> Finding? in
            guard let snapshot = (try? known.request).flatMap(settings.hub.cached) else { return nil }
            return Finding(
                Self.group,
                known.name,
                "in the hub's cache, \(MachineCheck.megabytes(snapshot.byteCount)): \(snapshot.directory)"
            )
        }
        return configured + cached
    }

    /// The bytes to fetch before the server can answer; nil if there are none, or if the number is unknown.
    var bytesToFetch: Int? {
        let bytes = settings.engine.models.filter { located($0) == nil }.compactMap { model in
            request(model).flatMap(Self.megabytes).map { $0 * 1_000_000 }
        }
        return bytes.isEmpty ? nil : bytes.reduce(0, +)
    }

    /// Whether a model has to be fetched before the server can answer.
    var wantsHub: Bool { settings.engine.models.contains { located($0) == nil } }

    /// A model with its files, if they are on this machine.
    private func located(_ model: ModelSource) -> ModelSource? {
        if model.isHere { return model }
        guard let request = request(model), let snapshot = settings.hub.cached(request) else { return nil }
        return ModelProvision.source(named: model.name, snapshot)
    }

    /// What the hub is asked for; a model's name may be any, and may be another's that is known.
    private func request(_ model: ModelSource) -> HubRequest? {
        settings.requests[model.name] ?? (try? KnownModel.named(model.name)?.request)
    }

    /// About how much has to be fetched, if that is known.
    ///
    /// A repository's newest state is taken to be as large as the one that we name.
    private static func megabytes(_ request: HubRequest) -> Int? {
        KnownModel.all.first {
            $0.repository == request.repository
                && [$0.revision ?? HubRequest.main, HubRequest.main].contains(request.revision)
        }?.megabytes
    }

    /// What `clip pull` is told to fetch just what the server would.
    private static func nameToPull(_ request: HubRequest) -> String {
        KnownModel.all.first { (try? $0.request) == request }?.name ?? "\(request)"
    }

    private func finding(_ model: ModelSource) -> Finding {
        let isDefault = model.name == settings.engine.models.first?.name
        let name = model.name + (isDefault ? " (default)" : "")
        guard let here = located(model) else {
            let request = request(model)
            let size = request.flatMap(Self.megabytes).map { ", \($0) MB" } ?? ""
            let pull = "clip pull \(request.map(Self.nameToPull) ?? model.name)"
            return settings.hub.configuration.isOffline
                ? Finding(
                    Self.group,
                    name,
                    "not in the hub's cache, and may not be fetched",
                    .problem,
                    "Take away --offline (HF_HUB_OFFLINE), or fetch it before: \(pull)"
                )
                : Finding(
                    Self.group,
                    name,
                    "not on this machine\(size)",
                    .note,
                    "It is fetched when the server starts; \(pull) does it now."
                )
        }
        do throws(EmbeddingError) {
            let outline = try ModelOutline(of: here, settings.engine)
            let size =
                "\(outline.embeddingWidth) numbers, \(MachineCheck.megabytes(outline.byteCount)) in memory with full caches"
            let value = "\(outline.precision.rawValue), \(size): \(here.directory)"
            guard let most = settings.engine.modelMemory, outline.byteCount > most else {
                return Finding(Self.group, name, value)
            }
            return Finding(
                Self.group,
                name,
                value,
                .problem,
                "Models may take \(MachineCheck.megabytes(most)): raise --model-memory (CLIP_MODEL_MEMORY), or ask for a lower "
                    + "--precision (CLIP_PRECISION)."
            )
        } catch {
            return Finding(Self.group, name, "cannot be loaded", .problem, environment.naming("\(error)"))
        }
    }

    /// Whether the models of `--model` have room beside each other, by the rule of the start itself.
    ///
    /// Nothing where there is one alone, or where one is not on this machine, cannot be read, or is too large by itself.
    private var together: [Finding] {
        let models = settings.engine.models.compactMap(located)
        let sizes = models.compactMap { model in
            (try? ModelOutline(of: model, settings.engine)).map {
                (name: model.name, byteCount: $0.byteCount)
            }
        }
        let machine = MachineMemory.current
        let most = settings.engine.modelMemory ?? machine.limit
        guard sizes.count > 1, sizes.count == settings.engine.models.count,
            sizes.allSatisfy({ $0.byteCount <= most })
        else { return [] }
        let sum = sizes.reduce(0) { $0 + $1.byteCount }
        let value =
            "\(MachineCheck.megabytes(sum)) for \(sizes.count) models, of \(MachineCheck.megabytes(most))"
        func finding(_ grade: Finding.Grade, _ remedy: String?) -> [Finding] {
            [Finding(Self.group, "together", value, grade, remedy)]
        }
        guard sum > most else { return finding(.ok, nil) }
        guard let limit = settings.engine.modelMemory else {
            return finding(
                .note,
                "That is more than \(machine.bound.rawValue): name fewer, or let --model-memory (CLIP_MODEL_MEMORY) have one leave for "
                    + "another."
            )
        }
        do throws(EmbeddingError) {
            let chosen = try ModelShelf.chosenAtStart(of: sizes, limit: limit)
            let others = sizes.indices.filter { !chosen.contains($0) }.map { sizes[$0].name }
            return finding(
                .note,
                "\(others.joined(separator: ", ")) \(others.count == 1 ? "comes" : "come") when a request names "
                    + "\(others.count == 1 ? "it" : "one of them"), and others leave for that: raise --model-memory "
                    + "(CLIP_MODEL_MEMORY), or name fewer."
            )
        } catch {
            return finding(.problem, environment.naming("\(error)"))
        }
    }

    /// Loads the default model, and times one image and one caption, each the second time.
    ///
    /// - Returns: nothing if the model is not on this machine.
    func passes() async -> [Finding] {
        guard let first = settings.engine.models.first, let model = located(first) else { return [] }
        let group = "forward pass"
        var configuration = settings.engine
        configuration.models = [model]
        configuration.loadsAtStart = true
        configuration.allowsURLs = false
        (configuration.textCacheBytes, configuration.imageCacheBytes) = (0, 0)
        do throws(EmbeddingError) {
            let engine = try EmbeddingEngine(configuration: configuration)
            defer { engine.shutdown() }
            try await engine.start()
            guard let description = engine.models.first else { return [] }
            var findings = [Finding(group, "load", Self.milliseconds(description.loadTime))]
            if let problem = description.packedCopyProblem {
                findings.append(
                    Finding(
                        group,
                        "packed weights",
                        problem,
                        .note,
                        "Starts take longer until --packed-cache (CLIP_PACKED_CACHE) is mended; none does without."
                    )
                )
            }
            for tower in description.towers {
                let work: ForwardWork =
                    tower == .image ? .images(1) : .captions(1, tokens: Self.captionTokens)
                _ = try await engine.forwardTime(of: work)
                let time = try await engine.forwardTime(of: work)
                let name = tower == .image ? "one image" : "one caption of \(Self.captionTokens) tokens"
                findings.append(Finding(group, name, Self.milliseconds(time)))
            }
            return findings
        } catch {
            return [
                Finding(
                    group,
                    model.name,
                    "cannot be run",
                    .problem,
                    environment.naming("\(error)")
                )
            ]
        }
    }

    /// The length of most captions.
    private static let captionTokens = 12

    private static func milliseconds(_ time: Duration) -> String {
        "\((time / .milliseconds(0.1)).rounded() / 10) ms"
    }
}
