extension KnownModel {
    /// All of them: Roboflow's nine, and those that are recommended.
    ///
    /// Revisions are those of the hub's pages as they were read in November 2026; where only a short one could be read there is
    /// none. `resnet50_clip.openai` had no `quick_gelu` in an earlier one, and its embeddings were others.
    public static let all: [KnownModel] = table.compactMap { entry in
        guard let repository = try? HubRepository(entry.repository) else { return nil }
        return KnownModel(
            name: entry.name,
            repository: repository,
            revision: entry.revision,
            licence: entry.licence,
            languages: entry.languages,
            megabytes: entry.megabytes,
            isRoboflows: entry.isRoboflows
        )
    }

    private struct Entry {
        let name: String
        let repository: String
        var revision: String?
        let licence: String
        var languages = Languages.english
        var megabytes: Int?
        var isRoboflows = false
    }

    private static let table: [Entry] = [
        // OpenAI's, by the names of Roboflow's server
        Entry(
            name: "RN50",
            repository: "timm/resnet50_clip.openai",
            revision: "b5ad1dd2714e05200953a70eb508a352fc52b803",
            licence: "MIT",
            megabytes: 412,
            isRoboflows: true
        ),
        Entry(
            name: "RN101",
            repository: "timm/resnet101_clip.openai",
            licence: "MIT",
            megabytes: 483,
            isRoboflows: true
        ),
        Entry(
            name: "RN50x4",
            repository: "timm/resnet50x4_clip.openai",
            licence: "MIT",
            megabytes: 718,
            isRoboflows: true
        ),
        Entry(
            name: "RN50x16",
            repository: "timm/resnet50x16_clip.openai",
            licence: "MIT",
            megabytes: 1164,
            isRoboflows: true
        ),
        Entry(
            name: "RN50x64",
            repository: "timm/resnet50x64_clip.openai",
            licence: "MIT",
            megabytes: 2494,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-B-32",
            repository: "timm/vit_base_patch32_clip_224.openai",
            revision: "ab5b8ef490e86faa07d3523926b842c765de1de5",
            licence: "Apache-2.0",
            megabytes: 610,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-B-16",
            repository: "timm/vit_base_patch16_clip_224.openai",
            licence: "Apache-2.0",
            megabytes: 604,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-L-14",
            repository: "timm/vit_large_patch14_clip_224.openai",
            licence: "Apache-2.0",
            megabytes: 1715,
            isRoboflows: true
        ),
        Entry(
            name: "ViT-L-14-336px",
            repository: "timm/vit_large_patch14_clip_336.openai",
            licence: "Apache-2.0",
            megabytes: 1716,
            isRoboflows: true
        ),
        // SigLIP 2, the best that may be used freely in many languages
        Entry(
            name: "siglip2-base-patch16-224",
            repository: "google/siglip2-base-patch16-224",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1540
        ),
        Entry(
            name: "siglip2-base-patch16-256",
            repository: "google/siglip2-base-patch16-256",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1540
        ),
        Entry(
            name: "siglip2-base-patch16-384",
            repository: "google/siglip2-base-patch16-384",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 1540
        ),
        Entry(
            name: "siglip2-base-patch32-256",
            repository: "google/siglip2-base-patch32-256",
            licence: "Apache-2.0",
            languages: .many
        ),
        Entry(
            name: "siglip2-large-patch16-256",
            repository: "google/siglip2-large-patch16-256",
            licence: "Apache-2.0",
            languages: .many
        ),
        Entry(
            name: "siglip2-large-patch16-384",
            repository: "google/siglip2-large-patch16-384",
            licence: "Apache-2.0",
            languages: .many
        ),
        Entry(
            name: "siglip2-so400m-patch14-384",
            repository: "google/siglip2-so400m-patch14-384",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 4580
        ),
        Entry(
            name: "siglip2-so400m-patch16-256",
            repository: "google/siglip2-so400m-patch16-256",
            licence: "Apache-2.0",
            languages: .many
        ),
        Entry(
            name: "siglip2-so400m-patch14-378",
            repository: "timm/ViT-SO400M-14-SigLIP2-378",
            revision: "93e0e6ad1063507a7777d0b570292a29a3d94c5f",
            licence: "Apache-2.0",
            languages: .many,
            megabytes: 4575
        ),
        // SigLIP
        Entry(
            name: "siglip-base-patch16-224",
            repository: "timm/ViT-B-16-SigLIP",
            revision: "41f575766f40e752fdd1383e9565b7f02388c1c4",
            licence: "Apache-2.0",
            megabytes: 816
        ),
        Entry(
            name: "siglip-base-patch16-384",
            repository: "timm/ViT-B-16-SigLIP-384",
            revision: "d689d6c20b13d9f6610273105de40eeed5f37fe2",
            licence: "Apache-2.0",
            megabytes: 817
        ),
        Entry(
            name: "siglip-so400m-patch14-384",
            repository: "timm/ViT-SO400M-14-SigLIP-384",
            revision: "9a9cf937c9944727bd49787baa7ea78c1363a999",
            licence: "Apache-2.0",
            megabytes: 3513
        ),
        // Perception Encoder
        Entry(name: "PE-Core-T16-384", repository: "timm/PE-Core-T-16-384", licence: "Apache-2.0"),
        Entry(
            name: "PE-Core-S16-384",
            repository: "timm/PE-Core-S-16-384",
            licence: "Apache-2.0",
            megabytes: 354
        ),
        Entry(name: "PE-Core-B16-224", repository: "timm/PE-Core-B-16", licence: "Apache-2.0"),
        Entry(name: "PE-Core-L14-336", repository: "timm/PE-Core-L-14-336", licence: "Apache-2.0"),
        Entry(name: "PE-Core-G14-448", repository: "timm/PE-Core-bigG-14-448", licence: "Apache-2.0"),
        // MetaCLIP 2
        Entry(
            name: "metaclip-2-worldwide-l14",
            repository: "facebook/metaclip-2-worldwide-l14",
            licence: "CC-BY-NC-4.0",
            languages: .many
        ),
        Entry(
            name: "metaclip-2-worldwide-huge-quickgelu",
            repository: "facebook/metaclip-2-worldwide-huge-quickgelu",
            licence: "CC-BY-NC-4.0",
            languages: .many
        ),
        // LAION and DataComp
        Entry(
            name: "laion-ViT-B-32",
            repository: "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            licence: "MIT"
        ),
        Entry(
            name: "laion-ViT-H-14",
            repository: "laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
            licence: "MIT"
        ),
        Entry(
            name: "laion-ViT-g-14",
            repository: "laion/CLIP-ViT-g-14-laion2B-s12B-b42K",
            revision: "4601ae5684d81eda77ebd8796fe370041e991027",
            licence: "MIT"
        ),
        // DFN: safetensors are there in a pull request only
        Entry(
            name: "dfn2b-ViT-L-14-39B",
            repository: "apple/DFN2B-CLIP-ViT-L-14-39B",
            revision: "fc1bbabfa20688c6d98c82290b36e00cd62f0068",
            licence: "Apple AMLR"
        ),
    ]
}
