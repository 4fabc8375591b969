//! What a `PATCH` takes: the input form of an entry, of which nothing is required.

use enrollment_core::catalog::{
    CourseDraft, HoldDraft, PermitDraft, ReservationDraft, SectionDraft, StudentDraft, TermDraft, WindowDraft,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

macro_rules! patches {
    ($($name:ident of $draft:ty;)+) => {$(
        #[doc = concat!("A change of what a `", stringify!($draft), "` describes.")]
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                without_required(<$draft>::schema())
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                <$draft>::schemas(schemas);
            }
        }
    )+};
}

patches! {
    StudentPatch of StudentDraft;
    HoldPatch of HoldDraft;
    PermitPatch of PermitDraft;
    CoursePatch of CourseDraft;
    TermPatch of TermDraft;
    ReservationPatch of ReservationDraft;
    WindowPatch of WindowDraft;
    SectionPatch of SectionDraft;
}

fn without_required(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.required.clear();
            object.description =
                Some("A change: a field that is absent stays, one that is null is cleared.".to_owned());
            object.into()
        }
        other => other,
    }
}
