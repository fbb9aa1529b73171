import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import CLIPHub
internal import Foundation

/// The options that choose and run models, shared by all subcommands that use a model.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A known model such as ViT-B-32, a repository OWNER/NAME[@REVISION] of the hub, or a checkpoint directory; "
                + "NAME= before it is what requests call it by. Repeat for more; the first is the default. Without one "
                + "the small clip-mini answers. CLIP_MODEL, separated by commas.",
            valueName: "[name=]model"
        )
    )
    var models: [String] = []

    @OptionGroup var hubOptions: HubOptions

    @Option(help: "Which of the models answers requests that name none. CLIP_VERSION_ID.")
    var defaultModel: String?

    @Option(
        help:
            "Number format of the forward pass: f32, bf16 or int8; auto by default, bf16 where the processor has it. CLIP_PRECISION."
    )
    var precision: String?

    @Option(
        help:
            "Threads that compute, for each model; by default one a core, or as many as a control group's quota has time for. CLIP_THREADS."
    )
    var threads: Int?

    @Option(
        help:
            "Threads that decode and resize images; by default as many as --threads has by default. CLIP_DECODE_THREADS."
    )
    var decodeThreads: Int?

    @Option(
        help:
            "exact, or fast: large JPEGs at a fraction of their size, close to the exact result. exact by default. CLIP_DECODE."
    )
    var decode: String?

    @Option(help: "Most bytes of one encoded image; 20 MiB by default. CLIP_MAX_IMAGE_BYTES.")
    var maxImageBytes: Int?

    @Option(help: "Most pixels of one image; 67108864 by default. CLIP_MAX_IMAGE_PIXELS.")
    var maxImagePixels: Int?

    @Option(help: "Most pixels of a side of one image; 65535 by default. CLIP_MAX_IMAGE_SIDE.")
    var maxImageSide: Int?

    @Option(
        help:
            "How many times the shorter side the longer one of an image may be; 10000 by default. CLIP_MAX_IMAGE_ASPECT."
    )
    var maxImageAspect: Int?

    @Option(
        help:
            "Most pixels of one WebP, of which a few bytes can stand for all; 40000000 by default. CLIP_MAX_WEBP_PIXELS."
    )
    var maxWebpPixels: Int?

    @Option(
        help:
            "Most pixels of one AVIF, which is decoded in one go; 12582912 by default. CLIP_MAX_AVIF_PIXELS."
    )
    var maxAvifPixels: Int?

    @Option(
        help: "Most bytes of one AVIF, which is decoded in one go; 1572864 by default. CLIP_MAX_AVIF_BYTES."
    )
    var maxAvifBytes: Int?

    @Option(help: "Seconds that decoding one image may take; 10 by default. CLIP_DECODE_SECONDS.")
    var decodeSeconds: String?

    @Option(
        help: ArgumentHelp(
            "Where packed weights of large models are kept for the next start, or 'none'; swift-clip in the user's "
                + "caches by default. CLIP_PACKED_CACHE.",
            valueName: "dir"
        )
    )
    var packedCache: String?

    @Option(
        help:
            "Most bytes of texts' embeddings and prefixes kept for each model; 16 MiB by default, 0 for none. CLIP_TEXT_CACHE_BYTES."
    )
    var textCacheBytes: Int?

    @Option(
        help:
            "Most bytes of image embeddings kept for each model; 16 MiB by default for serve, and for the sizes that models tells; otherwise 0, which is none. CLIP_IMAGE_CACHE_BYTES."
    )
    var imageCacheBytes: Int?

    @Option(
        help:
            "Most bytes of label sets whose embeddings are kept, for all models together; 64 MiB by default, 0 for none. CLIP_LABEL_CACHE_BYTES."
    )
    var labelCacheBytes: Int?

    @Option(
        help:
            "The image formats that are read, separated by commas; all but heic by default. CLIP_IMAGE_FORMATS."
    )
    var imageFormats: String?

    /// The engine's configuration from options and environment.
    ///
    /// Problems are added to the environment's.
    ///
    /// - Parameters:
    ///   - serves: whether a server is configured. Other commands embed each image once, so they need no hash of it;
    ///     they never refuse their own work because of other work; and they do not use the models' names.
    ///   - cachesImages: whether images are cached by default, which a server does; a model's size has their cache in it.
    ///   - allowed: the models that may be loaded on demand; one of them may stand in for clip-mini.
    func engineConfiguration(
        _ environment: inout Environment,
        serves: Bool = false,
        cachesImages: Bool = false,
        allowing allowed: AllowedModels = .none
    ) -> EngineConfiguration {
        let standIn = standIn(environment, allowed)
        let processors = MachineProcessors.current
        var configuration = EngineConfiguration(
            models: standIn.map { [$0] } ?? sources(&environment),
            cores: processors.threads
        )
        configuration.loadsAtStart = standIn == nil
        configuration.allowsAnyName = !serves
        if !serves, !cachesImages { configuration.imageCacheBytes = 0 }
        note(configuration.models, &environment)
        hubOptions.note(&environment)
        environment.fill(&configuration.precision, "--precision", precision, "CLIP_PRECISION")
        environment.fill(&configuration.computeThreads, "--threads", threads, "CLIP_THREADS")
        environment.fill(
            &configuration.decodeThreads,
            "--decode-threads",
            decodeThreads,
            "CLIP_DECODE_THREADS"
        )
        for flag in ["--threads", "--decode-threads"] { environment.explain(flag, by: processors.reason) }
        environment.fill(&configuration.decoding, "--decode", decode, "CLIP_DECODE")
        environment.fill(
            &configuration.maxImageBytes,
            "--max-image-bytes",
            maxImageBytes,
            "CLIP_MAX_IMAGE_BYTES"
        )
        environment.fill(
            &configuration.maxImagePixels,
            "--max-image-pixels",
            maxImagePixels,
            "CLIP_MAX_IMAGE_PIXELS"
        )
        environment.fill(&configuration.maxImageSide, "--max-image-side", maxImageSide, "CLIP_MAX_IMAGE_SIDE")
        environment.fill(
            &configuration.maxImageAspect,
            "--max-image-aspect",
            maxImageAspect,
            "CLIP_MAX_IMAGE_ASPECT"
        )
        environment.fill(
            &configuration.maxWebPPixels,
            "--max-webp-pixels",
            maxWebpPixels,
            "CLIP_MAX_WEBP_PIXELS"
        )
        environment.fill(
            &configuration.maxAVIFPixels,
            "--max-avif-pixels",
            maxAvifPixels,
            "CLIP_MAX_AVIF_PIXELS"
        )
        environment.fill(&configuration.maxAVIFBytes, "--max-avif-bytes", maxAvifBytes, "CLIP_MAX_AVIF_BYTES")
        environment.fill(
            seconds: &configuration.decodeTimeLimit,
            "--decode-seconds",
            decodeSeconds,
            "CLIP_DECODE_SECONDS"
        )
        configuration.packedCacheDirectory = packedCacheDirectory(&environment)
        environment.fill(
            &configuration.textCacheBytes,
            "--text-cache-bytes",
            textCacheBytes,
            "CLIP_TEXT_CACHE_BYTES"
        )
        environment.fill(
            &configuration.imageCacheBytes,
            "--image-cache-bytes",
            imageCacheBytes,
            "CLIP_IMAGE_CACHE_BYTES"
        )
        environment.fill(
            &configuration.labelCacheBytes,
            "--label-cache-bytes",
            labelCacheBytes,
            "CLIP_LABEL_CACHE_BYTES"
        )
        if !serves { configuration.queueTimeLimit = .seconds(86_400) }
        environment.fill(&configuration.imageFormats, "--image-formats", imageFormats, "CLIP_IMAGE_FORMATS")
        configuration.imageFormats = configuration.imageFormats.map { $0.lowercased() }
        return configuration
    }

    /// The directory for packed weights: the one given, or the system's place for caches.
    private func packedCacheDirectory(_ environment: inout Environment) -> String? {
        var directory =
            environment.string("XDG_CACHE_HOME").map { $0 + "/swift-clip" }
            ?? environment.string("HOME").map { $0 + "/.cache/swift-clip" }
        environment.fill(&directory, "--packed-cache", packedCache, "CLIP_PACKED_CACHE")
        return directory == "none" ? nil : directory
    }

    /// Notes the models, and which of them is the default.
    private func note(_ sources: [ModelSource], _ environment: inout Environment) {
        let variable = environment.first(of: ["CLIP_MODEL"])?.name
        // Problems of the list are reported where the models are chosen.
        var untold = environment
        let names = models.isEmpty ? untold.list("CLIP_MODEL") : models
        environment.note(
            "--model",
            ["CLIP_MODEL"],
            .list(names ?? sources.map(\.name)),
            by: models.isEmpty ? variable : "--model"
        )
        environment.note(
            "--default-model",
            ["CLIP_VERSION_ID"],
            SettingValue(sources.first?.name),
            by: defaultModel == nil ? environment.first(of: ["CLIP_VERSION_ID"])?.name : "--default-model"
        )
    }

    /// Whether the bundled model answers because no other is named.
    func usesBundledModel(_ environment: Environment) -> Bool {
        models.isEmpty && environment.string("CLIP_MODEL") == nil
    }

    /// The model for requests without a name if no model is named and clip-mini is not installed: a known model
    /// (Roboflow's default, if no other is chosen) that is loaded on demand; nil if that is not allowed or not needed.
    private func standIn(_ environment: Environment, _ allowed: AllowedModels) -> ModelSource? {
        guard usesBundledModel(environment), BundledModel.source() == nil else { return nil }
        let name = defaultModel ?? environment.string("CLIP_VERSION_ID") ?? BundledModel.standIn
        guard let known = KnownModel.named(name) else { return nil }
        let offer = ModelProvision.offer(known)
        return allowed.allow(offer) ? ModelSource(name: known.name, directory: "", origin: offer.origin) : nil
    }

    /// The models that are named, the default one first; those with problems are left out.
    private func sources(_ environment: inout Environment) -> [ModelSource] {
        var sources: [ModelSource] = []
        if usesBundledModel(environment) {
            if let bundled = BundledModel.source() {
                sources = [bundled]
            } else {
                environment.problems.append(
                    "\(BundledModel.name), which answers where no model is named, is not beside the program. --model or "
                        + "CLIP_MODEL take a known name such as ViT-B-16, of which 'clip pull --list' has more, "
                        + "OWNER/REPOSITORY of the hub, or a checkpoint directory."
                )
            }
        }
        for choice in choices(&environment) {
            // A model that is not on this machine has no directory yet.
            sources.append(ModelSource(name: choice.name, directory: choice.directory ?? ""))
        }
        guard let name = defaultModel ?? environment.string("CLIP_VERSION_ID") else { return sources }
        if let index = sources.firstIndex(where: { $0.name == name }) {
            sources.insert(sources.remove(at: index), at: 0)
        } else {
            let names = sources.map(\.name).joined(separator: ", ")
            let setting = defaultModel == nil ? "CLIP_VERSION_ID" : "--default-model"
            environment.problems.append("\(setting)='\(name)' is not among the models: \(names).")
        }
        return sources
    }

    /// The models as they are named; for a wrong name, a problem.
    private func choices(_ environment: inout Environment) -> [ModelChoice] {
        var choices: [ModelChoice] = []
        for name in models.isEmpty ? environment.list("CLIP_MODEL") ?? [] : models {
            do throws(CommandFailure) {
                choices.append(try ModelChoice(name))
            } catch {
                environment.refuse("--model has '\(name.printable)'. \(error)", status: error.status)
            }
        }
        if choices.contains(where: { $0.directory == nil }) { hubOptions.judge(&environment) }
        return choices
    }

    /// The requests to the hub for those models that are its own, by the models' names.
    func hubRequests(_ environment: Environment) -> [String: HubRequest] {
        // Problems have been reported already.
        var environment = environment
        var requests: [String: HubRequest] = [:]
        for choice in choices(&environment) {
            if case .hub(let request) = choice.place { requests[choice.name] = request }
        }
        return requests
    }

    /// Fetches the models that are the hub's and not complete in its cache, and puts their directories into the
    /// configuration.
    ///
    /// - Parameter say: receives progress messages; standard error by default.
    func fetchModels(
        for configuration: inout EngineConfiguration,
        _ environment: Environment,
        say: (@Sendable (String) -> Void)? = nil
    ) async throws(CommandFailure) {
        var environment = environment
        for choice in choices(&environment) where choice.directory == nil {
            let source = try await hubOptions.source(of: choice, environment, say: say)
            for (index, model) in configuration.models.enumerated() where model.name == choice.name {
                configuration.models[index] = source
            }
        }
    }
}
