// @generated automatically by Diesel CLI.

diesel::table! {
    access_tokens (digest) {
        digest -> Bytea,
        key_id -> Uuid,
        roles -> Jsonb,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        prefix -> Text,
        digest -> Bytea,
        name -> Text,
        roles -> Jsonb,
        created_at -> Timestamptz,
        created_by -> Text,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        revoked_by -> Nullable<Text>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    catalogue_versions (id) {
        id -> Bool,
        version -> Uuid,
    }
}

diesel::table! {
    courses (id) {
        id -> Uuid,
        code -> Text,
        title -> Text,
        description -> Nullable<Text>,
        credits -> Numeric,
        requisite -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        corequisite -> Nullable<Jsonb>,
        excludes -> Jsonb,
        restriction -> Nullable<Jsonb>,
        repeat_policy -> Jsonb,
        max_credits -> Nullable<Numeric>,
        linked_components -> Jsonb,
    }
}

diesel::table! {
    event_feed (position) {
        position -> Int8,
        sequence -> Int8,
    }
}

diesel::table! {
    event_feed_mark (id) {
        id -> Bool,
        settled -> Int8,
        seen -> Int8,
        seen_before -> Int8,
    }
}

diesel::table! {
    grades (grade) {
        grade -> Text,
        rank -> Int4,
        passing -> Bool,
        basis -> Text,
    }
}

diesel::table! {
    holds (id) {
        id -> Uuid,
        student_id -> Uuid,
        blocks -> Text,
        reason -> Text,
        in_force_from -> Nullable<Timestamptz>,
        in_force_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::table! {
    idempotency_keys (actor, key) {
        actor -> Text,
        key -> Text,
        request_hash -> Bytea,
        response -> Jsonb,
        attempt_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    meetings (section_id, position) {
        section_id -> Uuid,
        position -> Int2,
        days -> Int2,
        weeks -> Nullable<Int8>,
        starts_at -> Time,
        ends_at -> Time,
        location -> Nullable<Text>,
    }
}

diesel::table! {
    names_versions (id) {
        id -> Bool,
        version -> Uuid,
    }
}

diesel::table! {
    permit_uses (permit_id, attempt_id, student_course_id) {
        permit_id -> Uuid,
        attempt_id -> Uuid,
        student_course_id -> Uuid,
        waived -> Jsonb,
        at -> Timestamptz,
    }
}

diesel::table! {
    permits (id) {
        id -> Uuid,
        student_id -> Uuid,
        course_id -> Nullable<Uuid>,
        section_id -> Nullable<Uuid>,
        waives -> Jsonb,
        granted_by -> Text,
        reason -> Text,
        expires_at -> Nullable<Timestamptz>,
        max_uses -> Nullable<Int4>,
        uses -> Int4,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::table! {
    receipt_documents (digest) {
        digest -> Uuid,
        document -> Json,
    }
}

diesel::table! {
    receipts (attempt_id) {
        attempt_id -> Uuid,
        at -> Timestamptz,
        actor -> Text,
        student_id -> Uuid,
        command -> Json,
        facts -> Json,
        decision -> Json,
        caused_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    registration_events (id) {
        id -> Uuid,
        sequence -> Int8,
        at -> Timestamptz,
        actor -> Text,
        student_id -> Nullable<Uuid>,
        section_id -> Nullable<Uuid>,
        student_course_id -> Nullable<Uuid>,
        attempt_id -> Uuid,
        kind -> Text,
        detail -> Json,
    }
}

diesel::table! {
    reservations (id) {
        id -> Uuid,
        section_id -> Uuid,
        cohort -> Jsonb,
        seats -> Int4,
        taken -> Int4,
        release_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::table! {
    seat_pools (id) {
        id -> Uuid,
        capacity -> Int4,
        overload -> Int4,
        taken -> Int4,
        overload_reason -> Nullable<Text>,
    }
}

diesel::table! {
    section_instructors (section_id, number) {
        section_id -> Uuid,
        number -> Text,
    }
}

diesel::table! {
    sections (id) {
        id -> Uuid,
        course_id -> Uuid,
        term_id -> Uuid,
        number -> Text,
        component -> Text,
        seat_pool_id -> Uuid,
        waitlist_capacity -> Int4,
        status -> Text,
        instructor -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        restriction -> Nullable<Jsonb>,
        waitlisted -> Int4,
        cancel_reason -> Nullable<Text>,
    }
}

diesel::table! {
    student_courses (id) {
        id -> Uuid,
        student_id -> Uuid,
        course_id -> Uuid,
        term_id -> Nullable<Uuid>,
        section_id -> Nullable<Uuid>,
        component -> Nullable<Text>,
        status -> Text,
        credits -> Numeric,
        grading_basis -> Text,
        grade -> Nullable<Text>,
        waitlist_priority -> Int2,
        waitlist_sequence -> Nullable<Int8>,
        enrolled_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        reservation_id -> Nullable<Uuid>,
        waitlist_swap_from -> Nullable<Uuid>,
        waitlist_passed_over -> Nullable<Jsonb>,
        end_reason -> Nullable<Text>,
        elsewhere_course_id -> Nullable<Uuid>,
        elsewhere_term_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    students (id) {
        id -> Uuid,
        number -> Text,
        given_name -> Text,
        family_name -> Text,
        email -> Nullable<Text>,
        program -> Nullable<Text>,
        level -> Nullable<Text>,
        status -> Text,
        max_credits -> Nullable<Numeric>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        confidential -> Bool,
    }
}

diesel::table! {
    terms (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        time_zone -> Text,
        starts_on -> Date,
        ends_on -> Date,
        max_credits -> Nullable<Numeric>,
        enrollment_opens_at -> Nullable<Timestamptz>,
        enrollment_closes_at -> Nullable<Timestamptz>,
        drop_deadline -> Nullable<Timestamptz>,
        withdraw_deadline -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
        program_max_credits -> Jsonb,
        audit_counts -> Bool,
    }
}

diesel::table! {
    window_students (window_id, student_id) {
        window_id -> Uuid,
        student_id -> Uuid,
    }
}

diesel::table! {
    windows (id) {
        id -> Uuid,
        term_id -> Uuid,
        action -> Text,
        opens_at -> Nullable<Timestamptz>,
        closes_at -> Nullable<Timestamptz>,
        programs -> Nullable<Jsonb>,
        levels -> Nullable<Jsonb>,
        min_earned_credits -> Nullable<Numeric>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int8,
    }
}

diesel::joinable!(access_tokens -> api_keys (key_id));
diesel::joinable!(holds -> students (student_id));
diesel::joinable!(meetings -> sections (section_id));
diesel::joinable!(permit_uses -> permits (permit_id));
diesel::joinable!(permits -> courses (course_id));
diesel::joinable!(permits -> sections (section_id));
diesel::joinable!(permits -> students (student_id));
diesel::joinable!(reservations -> sections (section_id));
diesel::joinable!(section_instructors -> sections (section_id));
diesel::joinable!(sections -> courses (course_id));
diesel::joinable!(sections -> seat_pools (seat_pool_id));
diesel::joinable!(sections -> terms (term_id));
diesel::joinable!(student_courses -> courses (elsewhere_course_id));
diesel::joinable!(student_courses -> grades (grade));
diesel::joinable!(student_courses -> reservations (reservation_id));
diesel::joinable!(student_courses -> students (student_id));
diesel::joinable!(student_courses -> terms (elsewhere_term_id));
diesel::joinable!(window_students -> students (student_id));
diesel::joinable!(window_students -> windows (window_id));
diesel::joinable!(windows -> terms (term_id));

diesel::allow_tables_to_appear_in_same_query!(
    access_tokens,
    api_keys,
    catalogue_versions,
    courses,
    event_feed,
    event_feed_mark,
    grades,
    holds,
    idempotency_keys,
    meetings,
    names_versions,
    permit_uses,
    permits,
    receipt_documents,
    receipts,
    registration_events,
    reservations,
    seat_pools,
    section_instructors,
    sections,
    student_courses,
    students,
    terms,
    window_students,
    windows,
);
